-- repeated_keys: hashes of event keys that several rows of new files have. `ranked` compares the keys themselves.
-- Grain: one row per key_hash.

select hash(key_of(event_id, recipient_account_id, content_sha256)) as key_hash
from read_parquet($new, hive_partitioning = false)
group by all
having count(*) > 1
