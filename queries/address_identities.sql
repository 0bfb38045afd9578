-- title: Identities that called from an address
-- question: Which identities and keys were used from this address, who is behind each, and which calls succeeded?
-- parameter: address address: an IP address, a network such as 192.0.2.0/24 or 192.0.2., or another value as logged
-- filters: actor, origin_key, account, since, until
-- techniques: T1078.004
-- columns: source_ip_address, actor_name, succeeded, denied, failed, access_key_id, actor_id, actor_kind, grade, arn,
--   first_event, last_event, first_event_id

select
    source_ip_address,
    actor_name,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    access_key_id,
    actor_id,
    actor_kind,
    grade,
    arn,
    min(event_time) as first_event,
    max(event_time) as last_event,
    arg_min(event_id, (event_time, event_id)) as first_event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until)
group by source_ip_address, actor_name, actor_id, actor_kind, grade, access_key_id, arn
order by first_event, source_ip_address, access_key_id, arn, actor_id, actor_name, actor_kind, grade
