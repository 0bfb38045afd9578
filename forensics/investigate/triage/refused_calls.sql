-- Signal refused_calls: a day on which a story was refused several different calls, and more than on its other days.
-- Grain: one row per (story, day).
with days as (
    select
        story,
        event_date,
        count(distinct event_source || ':' || event_name) as kinds,
        sum(events)::bigint as events,
        min(first_event) as first_event,
        max(last_event) as last_event,
        list_sort(list(distinct event_name)) as event_names,
        arg_min(first_event_id, (first_event, first_event_id)) as event_id
    from triage_calls
    where outcome = 'denied'
    group by story, event_date
),

usual as (
    select *, coalesce(max(kinds) over (
        partition by story order by event_date rows between unbounded preceding and 1 preceding
    ), 0) as kinds_before
    from days
)

select
    story,
    events,
    first_event::timestamp as first_event,
    last_event::timestamp as last_event,
    [event_id] as event_ids,
    event_names[:5] as details,
    least(1.0, kinds / 12.0) as strength
from usual
where kinds >= 4
  and kinds > 2 * kinds_before
order by story, first_event
