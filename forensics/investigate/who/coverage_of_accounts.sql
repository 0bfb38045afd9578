-- The loaded time ranges of accounts. $accounts: account IDs; one row per account and region.
select
    recipient_account_id,
    aws_region,
    min(first_event_time)::timestamp as first_event_time,
    max(last_event_time)::timestamp as last_event_time,
    sum(management_events)::bigint as management_events
from coverage
where recipient_account_id in (select unnest($accounts))
group by recipient_account_id, aws_region
order by recipient_account_id, aws_region
