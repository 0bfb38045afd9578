-- The events behind edges. $ids: issuance IDs and event keys; one row per event.
select asked.id, asked.event_id, asked.event_time
from (
    select issuance_events.issuance_id as id, evidence.event_id, evidence.event_time
    from issuance_events
    join evidence on evidence.event_key = issuance_events.event_key
    where issuance_events.issuance_id in (select unnest($ids))

    union

    select event_key, event_id, event_time from evidence where event_key in (select unnest($ids))

    union

    select event_key, event_id, event_time from plantings where event_key in (select unnest($ids))
) as asked
where asked.event_id is not null
order by asked.id, asked.event_time, asked.event_id
