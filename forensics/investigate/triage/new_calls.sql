-- Add the signals enumeration (reading calls) and new_calls (others): APIs that the story, or its role, called for the
-- first time. An API counts in full if nobody else in the case calls it, or if the story rarely calls a new one. Calls
-- on the first day of the case are not new. Grain: one row per (story, day, signal).
insert into triage_signals
with first_calls as (
    select
        habit,
        event_source,
        event_name,
        min(event_date) as event_date,
        count(*) over (partition by event_source, event_name) as habits
    from triage_calls
    group by habit, event_source, event_name
),

uses as (
    select
        calls.story,
        calls.event_date,
        calls.event_name,
        case
            when regexp_matches(calls.event_name, '^(Describe|Get|Head|List|Lookup|Search)') then 'enumeration'
            else 'new_calls'
        end as signal,
        any_value(first_calls.habits) as habits,
        sum(calls.events)::bigint as events,
        min(calls.first_event) as first_event,
        max(calls.last_event) as last_event,
        arg_min(calls.first_event_id, (calls.first_event, calls.first_event_id)) as event_id
    from first_calls
    join triage_calls as calls
      on  calls.habit = first_calls.habit
      and calls.event_source = first_calls.event_source
      and calls.event_name = first_calls.event_name
      and calls.event_date = first_calls.event_date
    where first_calls.event_date > (select min(event_date) from triage_calls)
    group by calls.story, calls.event_date, calls.event_source, calls.event_name
)

select
    uses.story,
    uses.event_date,
    uses.signal,
    least(1.0, sum(greatest(triage_days.surprise, 1.0 / uses.habits)) / 6.0) as strength,
    sum(uses.events)::bigint as events,
    min(uses.first_event)::timestamp as first_event,
    max(uses.last_event)::timestamp as last_event,
    arg_min(uses.event_id, (uses.habits, uses.first_event, uses.event_id), 3) as event_ids,
    arg_min(uses.event_name, (uses.habits, uses.event_name), 5) as details
from uses
join triage_days on triage_days.story = uses.story and triage_days.event_date = uses.event_date
group by uses.story, uses.event_date, uses.signal
