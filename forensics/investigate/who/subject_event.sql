-- The credential that signed an event. $id: the event ID; an event in two accounts has a row for each. Unsigned and
-- unreliable events have none. `is_attempt`: nobody was authenticated.
select distinct
    case when not events.unreliable then coalesce(twins.credential_id, events.credential_id) end as credential_id,
    events.unreliable,
    events.credential_id is null and events.stop_reason = 'anonymous' as is_attempt,
    case
        when events.identity_type = 'IAMUser' and not events.unreliable
            then {principal_id: events.principal_id, user_name: events.user_name, arn: events.arn}
    end as "user"
from attributed_events as events
left join twins on twins.event_key = events.event_key
where events.event_id in ($id, upper($id))
order by 1, 2, 3
