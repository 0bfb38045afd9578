-- Add the signal new_region: a region that few stories use and that a story used for the first time, after another one.
-- Grain: one row per (story, day).
insert into triage_signals
with regions as (
    select
        story,
        aws_region,
        min(event_date) as event_date,
        min(first_event) as first_event,
        max(last_event) as last_event,
        sum(events)::bigint as events,
        arg_min(first_event_id, (first_event, first_event_id)) as event_id,
        count(*) over (partition by aws_region) as stories,
        row_number() over (partition by story order by min(first_event), aws_region) as place
    from triage_calls
    where aws_region is not null
    group by story, aws_region
)

select
    story,
    event_date,
    'new_region' as signal,
    least(1.0, sum(0.5 / stories)) as strength,
    sum(events)::bigint as events,
    min(first_event)::timestamp as first_event,
    max(last_event)::timestamp as last_event,
    arg_min(event_id, (stories, first_event, event_id), 3) as event_ids,
    list_sort(arg_min(aws_region, (stories, first_event, aws_region), 5)) as details
from regions
where stories <= 6
  and place > 1
group by story, event_date
