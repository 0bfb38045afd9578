-- Runs of reading calls from one address, with gaps of at most a minute and five or more different calls. $uses: the
-- table of the calls; $most: number of rows, those with the most different calls first.
with stepped as (
    select
        *,
        case
            when event_time - lag(event_time) over (partition by source_ip_address order by event_time, event_key)
                <= interval 60 second
                then 0
            else 1
        end as begins
    from query_table($uses)
    where may_be_discovery
),

runs as (
    select *, sum(begins) over (partition by source_ip_address order by event_time, event_key) as run
    from stepped
)

select
    {
        first_use: min(event_time)::timestamp,
        last_use: max(event_time)::timestamp,
        source_ip_address: source_ip_address,
        succeeded: count(case when outcome = 'succeeded' then 1 end),
        denied: count(case when outcome = 'denied' then 1 end),
        failed: count(case when outcome = 'failed' then 1 end),
        event_names: list_sort(list(distinct event_name)),
        regions: coalesce(list_sort(list(distinct aws_region) filter (where aws_region <> '')), []),
        first_event_id: min(case when begins = 1 then event_id end)
    } as burst,
    count(*) over () as total
from runs
group by source_ip_address, run
having count(distinct event_name) >= 5
qualify row_number() over (order by count(distinct event_name) desc, min(event_time), source_ip_address) <= $most
order by min(event_time), source_ip_address
