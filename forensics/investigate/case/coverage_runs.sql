-- Hours with events; consecutive hours that are alike form a run. One row per account, region and run. $cuts: hours at
-- which a run is split.
with hours as (
    select
        coverage.recipient_account_id,
        coverage.aws_region,
        coverage.hour::timestamp as hour,
        coverage.events,
        exists (
            select 1
            from verified_hours
            where verified_hours.account_id = coverage.recipient_account_id
              and verified_hours.aws_region = coverage.aws_region
              and coverage.hour >= verified_hours.start_hour
              and coverage.hour < verified_hours.end_hour
        ) as is_verified
    from coverage
),

marked as (
    select
        *,
        case
            when hour in (select unnest($cuts)::timestamp) then 1
            when lag(hour) over place = hour - interval 1 hour and lag(is_verified) over place = is_verified then 0
            else 1
        end as begins
    from hours
    window place as (partition by recipient_account_id, aws_region order by hour)
),

numbered as (
    select *, sum(begins) over (partition by recipient_account_id, aws_region order by hour) as run
    from marked
)

select
    recipient_account_id as account_id,
    aws_region,
    min(hour) as from_,
    -- no later than Python can represent
    least(max(hour) + interval 1 hour, timestamp '9999-12-31 23:59:59.999999') as to,
    sum(events)::bigint as events,
    'loaded' as state,
    bool_and(is_verified) as verified
from numbered
group by recipient_account_id, aws_region, run
order by account_id, aws_region, from_
