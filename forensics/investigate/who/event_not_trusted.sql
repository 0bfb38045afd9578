-- An event whose file makes it unreliable, and why. $id: the event ID; an event in two accounts has a row for each.
with asked as materialized (
    select * from events where event_id in ($id, upper($id)) and listing in ('unlisted', 'contested')
),

distrusted as (
    select
        asked.listing as reason,
        asked.event_id,
        asked.recipient_account_id,
        asked.aws_region,
        asked.event_time::timestamp as event_time,
        asked.event_name,
        list_sort(list(distinct source_files.name)) as source_files,
        min(file_verdicts.status) as digest_status
    from asked
    join event_copies on event_copies.event_key = asked.event_key
    join source_files on source_files.sha256 = event_copies.source_sha256
    left join file_verdicts on file_verdicts.source_sha256 = event_copies.source_sha256
    group by all
)

select reason, distrusted as evidence
from distrusted
order by event_time, event_id, recipient_account_id
