-- Add the signal refused_calls: a day on which a story was refused several different calls, and more than twice as many
-- as on any day before. Grain: one row per (story, day).
insert into triage_signals
with refused as (
    select
        story,
        event_date,
        count(distinct (event_source, event_name)) as kinds,
        sum(events)::bigint as events,
        min(first_event) as first_event,
        max(last_event) as last_event,
        arg_min(first_event_id, (first_event, first_event_id), 3) as event_ids,
        list_distinct(arg_min(event_name, (first_event, first_event_id), 5)) as details
    from triage_calls
    where outcome = 'denied'
    group by story, event_date
),

compared as (
    select
        refused.*,
        coalesce(max(kinds) over (
            partition by story order by event_date rows between unbounded preceding and 1 preceding
        ), 0) as kinds_before
    from refused
)

select
    story,
    event_date,
    'refused_calls' as signal,
    least(1.0, (kinds - kinds_before) / 8.0) as strength,
    events,
    first_event::timestamp as first_event,
    last_event::timestamp as last_event,
    event_ids,
    list_sort(details) as details
from compared
where kinds >= 2
  and kinds > 2 * kinds_before
