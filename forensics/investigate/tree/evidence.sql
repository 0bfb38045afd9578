-- The events of edges. $ids: issuance IDs and event keys; one row per event.
with asked as materialized (
    select issuance_id as id, event_key from issuance_events where issuance_id in (select unnest($ids))
    union
    select unnest($ids), unnest($ids)
)

select asked.id, evidence.event_id, evidence.event_time
from asked
join evidence on evidence.event_key = asked.event_key
where evidence.event_id is not null
order by asked.id, evidence.event_time, evidence.event_id
