-- known_keys: hashes of event keys of new files that are also in files of the case.
-- Grain: one or more rows per key_hash.

with new_keys as (
    select hash(key_of(event_id, recipient_account_id, content_sha256)) as key_hash
    from read_parquet($new, hive_partitioning = false)
),
old_keys as (
    select hash(key_of(event_id, recipient_account_id, content_sha256)) as key_hash
    from read_parquet($old, hive_partitioning = false)
)
select key_hash from old_keys
semi join new_keys using (key_hash)
