-- Calls over time. $uses: the table of the calls; $first: start of the first step; $step: seconds of each.
select
    node,
    $first::timestamp
        + interval 1 second * ($step * floor(epoch(event_time::timestamp - $first::timestamp) / $step)) as start,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome <> 'succeeded' then 1 end) as refused
from query_table($uses)
where event_time is not null
group by all
order by node, start
