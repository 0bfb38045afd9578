-- The proving events of issuances, with the files that hold them. $ids: issuance IDs and event keys.
with asked as (
    select issuance_id as id, event_key from issuance_events where issuance_id in (select unnest($ids))
    union
    select event_key, event_key from evidence where event_key in (select unnest($ids))
)

select
    asked.id,
    evidence.event_id,
    evidence.recipient_account_id,
    evidence.aws_region,
    evidence.event_time::timestamp as event_time,
    evidence.event_name,
    list_sort(list(evidence_files.name)) as source_files
from asked
join evidence on evidence.event_key = asked.event_key
left join evidence_files on evidence_files.event_key = asked.event_key
group by all
order by 1, 5, 2, 3
