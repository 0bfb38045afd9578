-- coverage: what is loaded. Grain: one row per (account, region, hour) that has an event.

select
    recipient_account_id,
    aws_region,
    date_trunc('hour', event_time) as hour,
    count(*) as events,
    -- older records have no category; they are management events
    count(case when coalesce(event_category, 'Management') = 'Management' then 1 end) as management_events,
    min(event_time) as first_event_time,
    max(event_time) as last_event_time,
    max(case when coalesce(event_category, 'Management') = 'Management' then event_time end)
        as last_management_event_time
from events
where event_time is not null
group by recipient_account_id, aws_region, date_trunc('hour', event_time)
