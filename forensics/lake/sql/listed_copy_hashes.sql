-- listed_copy_hashes: the hashes of copies that replace the stored records of proving events, with their lake files.
-- Grain: one row per replaced event that has an ID. $files: the lake files of event_conflicts.
select split_part(event_key, '/', 1) as event_id, filename as path, unhex(sha256(raw)) as raw_sha256
from read_parquet($files, filename = true, hive_partitioning = false)
where (event_key, canonical_sha256) in (select event_key, canonical_sha256 from replaced_events)
  and contains(event_key, '/')
  and event_key in (select event_key from evidence)
order by event_id
