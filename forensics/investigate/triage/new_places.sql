-- Add the signals new_network and new_program: calls from a network, or with a program, that the story did not use
-- before. Grain: one row per (story, day, signal).
insert into triage_signals
with places as (
    select
        story, event_date, 'new_network' as signal, network_newness as newness, events, first_event, last_event,
        first_event_id, address as detail
    from triage_calls
    where network_newness > 0

    union all

    select
        story, event_date, 'new_program', program_newness, events, first_event, last_event, first_event_id, user_agent
    from triage_calls
    where program_newness > 0
)

select
    story,
    event_date,
    signal,
    max(newness) as strength,
    sum(events)::bigint as events,
    min(first_event)::timestamp as first_event,
    max(last_event)::timestamp as last_event,
    arg_min(first_event_id, (first_event, first_event_id), 2) as event_ids,
    list_sort(list_distinct(arg_min(detail, (first_event, first_event_id), 5))) as details
from places
group by story, event_date, signal
