-- The current hashes of raw records in the lake. $ids: event IDs; $files: the files that hold them.
select event_id, filename as path, unhex(sha256(raw)) as raw_sha256
from read_parquet($files, filename = true, hive_partitioning = false)
where event_id in (select unnest($ids))
