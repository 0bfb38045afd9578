-- title: Addresses, programs and regions of a key
-- question: Which addresses, programs and regions is this key used from, and which of them are new since it leaked?
-- parameter: key varchar: the access key ID
-- parameter: leaked_at timestamptz = null: when the key may have leaked; a place without an earlier use is new
-- techniques: T1078.004
-- columns: source_ip_address, user_agent, aws_region, is_new, first_use, last_use, days, succeeded, denied, failed,
--   first_event_id

with uses as (
    select
        coalesce(source_addresses, source_ip_address) as source_ip_address,
        -- S3 logs user agents in brackets
        trim(user_agent, '[]') as user_agent,
        aws_region,
        event_time,
        event_date,
        outcome,
        event_id
    from events
    where access_key_id = $key
)

select
    source_ip_address,
    user_agent,
    aws_region,
    min(event_time) >= $leaked_at::timestamptz as is_new,
    min(event_time) as first_use,
    max(event_time) as last_use,
    count(distinct event_date) as days,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    arg_min(event_id, (event_time, event_id)) as first_event_id
from uses
group by source_ip_address, user_agent, aws_region
order by first_use, source_ip_address, user_agent, aws_region
