-- Hours with events, those that follow each other as one run. One row per account, region and run.
with marked as (
    select
        recipient_account_id,
        aws_region,
        hour::timestamp as hour,
        events,
        case
            when lag(hour) over (partition by recipient_account_id, aws_region order by hour) = hour - interval 1 hour then 0
            else 1
        end as begins
    from coverage
),

numbered as (
    select *, sum(begins) over (partition by recipient_account_id, aws_region order by hour) as run
    from marked
)

select
    recipient_account_id as account_id,
    aws_region,
    min(hour) as first_hour,
    max(hour) + interval 1 hour as end_hour,
    sum(events)::bigint as events
from numbered
group by recipient_account_id, aws_region, run
order by account_id, aws_region, first_hour
