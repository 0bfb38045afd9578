-- What copies of some events say that differs from the event that stands for them. $keys: event keys; $files: the lake's
-- files of conflicts.
select event_key, delivery, differs_in, raw
from read_parquet($files, hive_partitioning = false)
where event_key in (select unnest($keys))
order by event_key, canonical_sha256
