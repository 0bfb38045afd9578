-- The spans of hours that have loaded management events, or that digests prove to be complete, with the time until
-- which that is known. Calls that undo an end are management events: data events do not show that these are loaded.
-- Adjacent hours are one span: the window of a digest can be any length. $accounts: account IDs; $regions: regions.
with loaded as (
    select
        recipient_account_id as account_id,
        aws_region,
        hour as start_hour,
        least(hour + interval 1 hour, timestamptz '9999-12-31 23:59:59.999999Z') as end_hour,
        last_management_event_time as last_event_time
    from coverage
    where recipient_account_id in (select unnest($accounts))
      and aws_region in (select unnest($regions))
      and last_management_event_time is not null

    union all

    select account_id, aws_region, start_hour, end_hour, end_hour
    from verified_hours
    where account_id in (select unnest($accounts))
      and aws_region in (select unnest($regions))
),

marked as (
    select
        *,
        coalesce(start_hour > max(end_hour) over (
            partition by account_id, aws_region
            order by start_hour, end_hour
            rows between unbounded preceding and 1 preceding
        ), true) as begins
    from loaded
),

numbered as (
    select
        *,
        count(case when begins then 1 end) over (
            partition by account_id, aws_region order by start_hour, end_hour rows unbounded preceding
        ) as span
    from marked
)

select
    account_id,
    aws_region,
    min(start_hour)::timestamp as start_hour,
    max(end_hour)::timestamp as end_hour,
    max(last_event_time)::timestamp as last_event_time
from numbered
group by account_id, aws_region, span
order by account_id, aws_region, start_hour
