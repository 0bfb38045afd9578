-- What is loaded of each account and region.
select
    recipient_account_id,
    aws_region,
    sum(events)::bigint as events,
    min(first_event_time)::timestamp as first_event_time,
    max(last_event_time)::timestamp as last_event_time
from coverage
group by recipient_account_id, aws_region
order by recipient_account_id, aws_region
