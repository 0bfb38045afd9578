-- Add the signal root_use: calls of a root user. Grain: one row per (story, day).
insert into triage_signals
with roots as (
    select distinct story
    from triage_stories
    where actor_kind = 'root'
)

select
    calls.story,
    calls.event_date,
    'root_use' as signal,
    1.0 as strength,
    sum(calls.events)::bigint as events,
    min(calls.first_event)::timestamp as first_event,
    max(calls.last_event)::timestamp as last_event,
    arg_min(calls.first_event_id, (calls.first_event, calls.first_event_id), 3) as event_ids,
    list_sort(list_distinct(arg_min(calls.event_name, (calls.first_event, calls.first_event_id), 5))) as details
from triage_calls as calls
join roots on roots.story = calls.story
group by calls.story, calls.event_date
