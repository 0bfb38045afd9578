-- The hashes of the raw copies of some events as the lake has them now. $ids: event IDs; $files: the files that hold them.
select split_part(event_key, '/', 1) as event_id, filename as path, unhex(sha256(raw)) as raw_sha256
from read_parquet($files, filename = true, hive_partitioning = false)
where split_part(event_key, '/', 1) in (select unnest($ids))
