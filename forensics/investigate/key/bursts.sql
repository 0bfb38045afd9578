-- Runs of reading calls from one address, with gaps of at most a minute and five or more different calls. $most: number
-- of rows, those with the most different calls first.
with stepped as (
    select
        *,
        case
            when event_time - lag(event_time) over (partition by source_ip_address order by event_time, event_key) <= interval 60 second
                then 0
            else 1
        end as begins
    from key_uses
    where may_be_discovery
),

runs as (
    select *, sum(begins) over (partition by source_ip_address order by event_time, event_key) as run
    from stepped
)

select
    source_ip_address,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    list_sort(list(distinct event_name)) as event_names,
    list_sort(list(distinct aws_region)) as regions,
    min(case when begins = 1 then event_id end) as first_event_id,
    count(*) over () as total
from runs
group by source_ip_address, run
having count(distinct event_name) >= 5
qualify row_number() over (order by count(distinct event_name) desc, min(event_time), source_ip_address) <= $most
order by first_use, source_ip_address
