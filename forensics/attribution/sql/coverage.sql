-- coverage: what is loaded. Grain: one row per (account, region, hour) that has an event. An unreliable record shows no
-- hour of management events as loaded. No clock of AWS is a day ahead, so an event that is a day later than the latest
-- ingest has a wrong time.

with ingests as (
    select max(ingested_at) as last_ingested_at
    from source_files
),

loaded as (
    select
        events.recipient_account_id,
        events.aws_region,
        date_trunc('hour', events.event_time) as hour,
        events.event_time,
        not events.unreliable
            and events.event_time <= coalesce(ingests.last_ingested_at + interval 24 hour, events.event_time)
            as is_reliable,
        -- older records have no category; they are management events
        coalesce(events.event_category, 'Management') = 'Management' as is_management
    from events
    cross join ingests
    where events.event_time is not null
)

select
    recipient_account_id,
    aws_region,
    hour,
    count(*) as events,
    count(case when is_management and is_reliable then 1 end) as management_events,
    min(event_time) as first_event_time,
    max(event_time) as last_event_time,
    max(case when is_reliable then event_time end) as last_reliable_event_time,
    max(case when is_management and is_reliable then event_time end) as last_management_event_time
from loaded
group by recipient_account_id, aws_region, hour
