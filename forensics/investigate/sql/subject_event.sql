-- The credential that signed an event. $id: the event ID; an event in two accounts has a row for each. An event that nothing
-- signed has none, nor has one that proves nothing.
select distinct
    case when not unreliable then credential_id end as credential_id,
    unreliable
from events
where event_id = $id
order by 1, 2
