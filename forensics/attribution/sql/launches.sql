-- launches: the call that created a workload. Grain: one row per (event_key, workload_id): the ID of an instance or the
-- name of a function.

with launching as (
    select
        event_key,
        event_id,
        event_time,
        event_name,
        recipient_account_id as account_id,
        aws_region,
        credential_id,
        unnest(string_split(launched, ' ')) as workload_id
    from telling_events
    where launched is not null
      and error_code is null
      and not unreliable
)

select distinct
    event_key,
    event_id,
    event_time,
    event_name,
    account_id,
    aws_region,
    credential_id,
    workload_id,
    case event_name when 'RunInstances' then 'ec2_instance' else 'lambda_function' end as workload_type
from launching
