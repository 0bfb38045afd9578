-- The first events whose record contains a masked identifier as a value, as the ID of a role before the name of its
-- session, or as the account of an ARN. $text: the identifier; $most: number of events.
with showing as materialized (
    select event_key, event_time
    from events
    where contains(record, '"' || $text || '"')
       or contains(record, '"' || $text || ':')
       or contains(record, ':' || $text || ':')
    order by event_time, event_key
    limit $most
),

shown as (
    select
        events.event_id,
        events.recipient_account_id,
        events.aws_region,
        events.event_time::timestamp as event_time,
        events.event_name,
        list_sort(list(distinct source_files.name)) as source_files,
        min(file_verdicts.status) as digest_status,
        events.event_key
    from showing
    join events
      on  events.event_key = showing.event_key
      and events.event_time is not distinct from showing.event_time
    join event_copies on event_copies.event_key = events.event_key
    join source_files on source_files.sha256 = event_copies.source_sha256
    left join file_verdicts on file_verdicts.source_sha256 = event_copies.source_sha256
    group by all
)

select 'masked' as reason, shown as evidence
from shown
order by event_time, event_key
