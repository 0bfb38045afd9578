-- Add the signal large_instances: launches, also refused ones and dry runs, of instances with 32 or more vCPUs or with
-- accelerators. The fewer stories launch such, the stronger. Grain: one row per (story, day).
insert into triage_signals
with launches as (
    select *, lower(left(request_parameters ->> '$.instanceType', 40)) as instance_type
    from triage_records
    where event_source = 'ec2.amazonaws.com'
      and event_name in ('RequestSpotInstances', 'RunInstances')
),

large as (
    select story, event_date, event_time, event_key, event_id, instance_type
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
    list_sort(list_distinct(arg_min(instance_type, (event_time, event_key), 5))) as details
from large
group by story, event_date
