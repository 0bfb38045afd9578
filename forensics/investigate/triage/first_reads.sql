-- Signal enumeration: a day on which a story read with many APIs that it did not use before, and that are rare in the
-- case. The first day of a story counts if the case is a day older. Grain: one row per (story, day).
with beginnings as (
    select min(first_event) as first_in_case
    from triage_calls
),

first_uses as (
    select
        story,
        event_source,
        event_name,
        min(event_date) as event_date,
        min(first_event) as first_event,
        max(last_event) as last_event,
        sum(events)::bigint as events,
        arg_min(first_event_id, (first_event, first_event_id)) as event_id
    from triage_calls
    where is_reading and not is_data
    group by story, event_source, event_name
),

rare as (
    select *, count(*) over (partition by event_source, event_name) as stories
    from first_uses
),

days as (
    select
        story,
        event_date,
        count(*) as kinds,
        count(case when stories = 1 then 1 end) as own_kinds,
        sum(events)::bigint as events,
        min(first_event) as first_event,
        max(last_event) as last_event,
        list_sort(list(event_name)) as event_names,
        arg_min(event_id, (first_event, event_id)) as event_id
    from rare
    where stories <= 3
    group by story, event_date
)

select
    days.story,
    days.events,
    days.first_event::timestamp as first_event,
    days.last_event::timestamp as last_event,
    [days.event_id] as event_ids,
    days.event_names[:5] as details,
    least(1.0, days.kinds / 20.0) as strength
from days
cross join beginnings
where days.kinds >= 5
  and days.first_event >= beginnings.first_in_case + interval 24 hour
order by days.story, days.first_event
