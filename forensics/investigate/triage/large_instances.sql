-- Add the signal large_instances: launches, also refused ones and dry runs, of instances with 32 or more vCPUs or with
-- accelerators. The fewer stories launch such, the stronger. One row per (story, day).
insert into triage_signals
with launches as (
    select
        triage_stories.story,
        events.event_date,
        events.event_time,
        events.event_key,
        events.event_id,
        lower(events.record ->> '$.requestParameters.instanceType') as instance_type
    from events
    join triage_stories on triage_stories.credential_id = events.credential_id
    where events.event_source = 'ec2.amazonaws.com'
      and events.event_name in ('RunInstances', 'RequestSpotInstances')
      and not events.unreliable
      and events.event_time is not null
),

large as (
    select *
    from launches
    where regexp_matches(instance_type, '(\.([89]|[1-9][0-9]+)xlarge|\.metal.*)$|^(p[2-9]|g[3-9]|trn|inf|dl)')
)

select
    story,
    event_date,
    'large_instances' as signal,
    1.0 / sqrt((select count(distinct story) from large)) as strength,
    count(*) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    arg_min(event_id, (event_time, event_key), 3) as event_ids,
    list_sort(list_distinct(arg_min(left(instance_type, 40), (event_time, event_key), 5))) as details
from large
group by story, event_date
