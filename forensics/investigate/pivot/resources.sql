-- The resources that a text means, as they are logged. Grain: one row per (value, event_source, account, region).
-- $text: the ARN, its end, or the name, in any case; $is_object: whether it is an object of S3, otherwise objects count
-- as their bucket.
with logged as (
    select
        case when $is_object then resource else call_facts(resource, event_name, event_category).resource end as value,
        coalesce(event_source, '') as event_source,
        coalesce(recipient_account_id, '') as account_id,
        coalesce(aws_region, '') as aws_region,
        event_time
    from events
    where contains(lower(resource), lower($text))
)

select
    value,
    event_source,
    account_id,
    aws_region,
    min(event_time)::timestamp as first_seen,
    max(event_time)::timestamp as last_seen
from logged
where lower(value) = lower($text)
   or ends_with(lower(value), '/' || lower($text))
   or ends_with(lower(value), ':' || lower($text))
group by value, event_source, account_id, aws_region
order by value, event_source, account_id, aws_region
