-- The events behind edges. $ids: issuance IDs and event keys; one row per event.
with asked as materialized (
    select issuance_id as id, event_key from issuance_events where issuance_id in (select unnest($ids))
    union
    select unnest($ids), unnest($ids)
),

cited as materialized (
    select event_key, event_id, event_time from evidence where event_key in (select event_key from asked)
    union
    select event_key, event_id, event_time from plantings where event_key in (select unnest($ids))
)

select asked.id, cited.event_id, cited.event_time
from asked
join cited on cited.event_key = asked.event_key
where cited.event_id is not null
order by asked.id, cited.event_time, cited.event_id
