-- The resources that a text means, as they are logged. Grain: one row per (value, event_source, account, region).
-- $text: the ARN, its end, or the name, in any case and without a leading slash; $is_object: whether it is an object of
-- S3, otherwise objects count as their bucket. The ARN of a secret ends in six random characters that its name lacks.
with logged as (
    select
        case when $is_object then resource else call_facts(resource, event_name, event_category).resource end as value,
        coalesce(event_source, '') as event_source,
        coalesce(recipient_account_id, '') as account_id,
        coalesce(aws_region, '') as aws_region,
        event_time
    from events
    where contains(lower(resource), lower($text))
),

ending as (
    select
        *,
        '/' || regexp_replace(lower(value), '^(arn:[^:]*:secretsmanager:.*)-[a-z0-9]{6}$', '\1', 's') as named
    from logged
)

select
    value,
    event_source,
    account_id,
    aws_region,
    min(event_time)::timestamp as first_seen,
    max(event_time)::timestamp as last_seen
from ending
where ends_with('/' || lower(value), '/' || lower($text))
   or ends_with(named, '/' || lower($text))
   or ends_with(named, ':' || lower($text))
group by value, event_source, account_id, aws_region
order by value, event_source, account_id, aws_region
