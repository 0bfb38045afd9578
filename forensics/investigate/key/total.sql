-- The totals of a key's calls, in one row. $uses: the table of the calls.
select
    count(*) as events,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    max(case when outcome = 'succeeded' then event_time end)::timestamp as last_success
from query_table($uses)
