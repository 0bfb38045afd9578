-- The current hashes of raw copies of events in the lake. $ids: event IDs; $files: the files that hold them.
select split_part(event_key, '/', 1) as event_id, filename as path, unhex(sha256(raw)) as raw_sha256
from read_parquet($files, filename = true, hive_partitioning = false)
where split_part(event_key, '/', 1) in (select unnest($ids))
