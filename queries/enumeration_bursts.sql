-- title: Reconnaissance bursts
-- question: Who made many different read-only calls in a row, as tools do that enumerate an account?
-- parameter: calls bigint = 10: the minimum number of different calls
-- parameter: pause bigint = 60: the maximum number of seconds between two calls of a burst
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1526, T1580, T1087.004
-- columns: actor_name, different_calls, succeeded, denied, failed, source_ip_address, first_event, last_event,
--   access_key_id, regions, user_agent, actor_id, actor_kind, first_event_id

with reading as (
    select *, coalesce(source_addresses, source_ip_address) as address
    from filtered_events($actor, $origin_key, $account, $address, $since, $until)
    where invoked_by is null
      and coalesce(event_category, 'Management') <> 'Data'
      and regexp_matches(event_name, '^(Describe|Get|List|Lookup|Search)')
),

stepped as (
    select
        *,
        case
            when date_diff(
                'second',
                lag(event_time) over (partition by credential_id, address order by event_time, event_key),
                event_time
            ) <= $pause then 0
            else 1
        end as begins
    from reading
),

runs as (
    select *, sum(begins) over (partition by credential_id, address order by event_time, event_key) as run
    from stepped
)

select
    min(actor_name) as actor_name,
    count(distinct event_name) as different_calls,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    address as source_ip_address,
    min(event_time) as first_event,
    max(event_time) as last_event,
    min(access_key_id) as access_key_id,
    count(distinct aws_region) as regions,
    min(user_agent) as user_agent,
    min(actor_id) as actor_id,
    min(actor_kind) as actor_kind,
    arg_min(event_id, (event_time, event_id)) as first_event_id
from runs
group by credential_id, address, run
having count(distinct event_name) >= $calls
order by different_calls desc, first_event, access_key_id, credential_id, address, run
