-- The addresses, user agents, regions and services of a key's calls. $uses: the table of the calls; $most: number of
-- rows of each kind, the busiest first.
with named as (
    select 'address' as kind, source_ip_address as value, outcome, event_time, event_name from query_table($uses)
    union all
    select 'user_agent', user_agent, outcome, event_time, event_name from query_table($uses)
    union all
    select 'region', aws_region, outcome, event_time, event_name from query_table($uses)
    union all
    select 'service', event_source, outcome, event_time, event_name from query_table($uses)
),

counted as (
    select
        kind,
        value,
        count(case when outcome = 'succeeded' then 1 end) as succeeded,
        count(case when outcome = 'denied' then 1 end) as denied,
        count(case when outcome = 'failed' then 1 end) as failed,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        case when kind = 'service' then list_sort(list(distinct event_name)) else [] end as event_names,
        count(*) as events
    from named
    group by kind, value
)

select
    * exclude (events),
    count(*) over (partition by kind) as total
from counted
qualify row_number() over (partition by kind order by events desc, value) <= $most
order by kind, value
