-- The resources of a key's calls; objects are counted by bucket. $uses: the table of the calls; $most: number of rows,
-- the busiest first.
with counted as (
    select
        resource as value,
        count(distinct object) as objects,
        count(case when outcome = 'succeeded' then 1 end) as succeeded,
        count(case when outcome = 'denied' then 1 end) as denied,
        count(case when outcome = 'failed' then 1 end) as failed,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        list_sort(list(distinct event_name)) as event_names,
        count(*) as events
    from query_table($uses)
    where resource is not null
    group by resource
)

select * exclude (events), count(*) over () as total
from counted
qualify row_number() over (order by events desc, value) <= $most
order by value
