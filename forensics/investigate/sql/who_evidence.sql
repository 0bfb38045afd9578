-- The proving events of issuances, with the files that hold them. $ids: issuance IDs and event keys.
with asked as materialized (
    select issuance_id as id, event_key from issuance_events where issuance_id in (select unnest($ids))
    union
    select unnest($ids), unnest($ids)
),

cited as materialized (
    select * from evidence where event_key in (select event_key from asked)
),

files as materialized (
    select * from evidence_files where event_key in (select event_key from asked)
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
join cited as evidence on evidence.event_key = asked.event_key
left join files as evidence_files on evidence_files.event_key = asked.event_key
group by all
order by 1, 5, 2, 3
