-- record_hashes: the hashes of the raw records of proving events, with their lake files.
-- Grain: one row per event that has an ID. $files: the lake files of events.
select event_id, filename as path, unhex(sha256(raw)) as raw_sha256
from read_parquet($files, filename = true, hive_partitioning = false)
where nullif(event_id, '') is not null
  and coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256) in (
      select event_key from evidence
  )
order by event_id
