-- Some events as their records were delivered. $ids: event IDs; $files: the lake's files of events.
select distinct
    coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256) as event_key,
    event_id,
    recipient_account_id,
    raw
from read_parquet($files, hive_partitioning = false)
where event_id in (select unnest($ids))
order by event_id, recipient_account_id, event_key
