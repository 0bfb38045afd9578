-- Events with their records as delivered. $ids: event IDs; $files: the lake's files of events. `replaced_by`: the
-- canonical hash of the copy that counts instead, if any.
with stored as (
    select distinct
        coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256) as event_key,
        event_id,
        recipient_account_id,
        delivery,
        raw
    from read_parquet($files, hive_partitioning = false)
    where event_id in (select unnest($ids))
)

select stored.*, replaced_events.stored_sha256, replaced_events.canonical_sha256 as replaced_by
from stored
left join replaced_events on replaced_events.event_key = stored.event_key
order by stored.event_id, stored.recipient_account_id, stored.event_key
