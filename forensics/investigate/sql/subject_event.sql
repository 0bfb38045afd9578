-- The credential that signed an event. $id: the event ID; an event in two accounts has a row for each.
select distinct case when not unreliable then credential_id end as credential_id from events where event_id = $id order by 1
