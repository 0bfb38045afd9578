-- title: Addresses, programs and regions of a key
-- question: Which addresses, programs and regions is this key used from, and which of them are new since it leaked?
-- parameter: key varchar: the access key ID
-- parameter: leaked_at timestamptz = null: when the key may have leaked; a place without an earlier use is new
-- filters: actor, origin_key, account, address, since, until
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
    from filtered_events($actor, $origin_key, $account, $address, $since, $until)
    where access_key_id = $key
),

-- of all uses of the key: a filter must not make a place look new
places as (
    select
        coalesce(source_addresses, source_ip_address) as source_ip_address,
        trim(user_agent, '[]') as user_agent,
        aws_region,
        min(event_time) as first_use
    from events
    where access_key_id = $key
    group by coalesce(source_addresses, source_ip_address), trim(user_agent, '[]'), aws_region
)

select
    uses.source_ip_address,
    uses.user_agent,
    uses.aws_region,
    min(places.first_use) >= $leaked_at::timestamptz as is_new,
    min(uses.event_time) as first_use,
    max(uses.event_time) as last_use,
    count(distinct uses.event_date) as days,
    count(case when uses.outcome = 'succeeded' then 1 end) as succeeded,
    count(case when uses.outcome = 'denied' then 1 end) as denied,
    count(case when uses.outcome = 'failed' then 1 end) as failed,
    arg_min(uses.event_id, (uses.event_time, uses.event_id)) as first_event_id
from uses
left join places
  on  places.source_ip_address is not distinct from uses.source_ip_address
  and places.user_agent is not distinct from uses.user_agent
  and places.aws_region is not distinct from uses.aws_region
group by uses.source_ip_address, uses.user_agent, uses.aws_region
order by first_use, uses.source_ip_address, uses.user_agent, uses.aws_region
