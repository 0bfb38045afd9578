-- title: Denied calls by actor
-- question: Who was denied calls, how many, and to how many services? Many in a short time can be reconnaissance.
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1580, T1087.004
-- columns: actor_name, denied, event_names, services, source_ip_address, access_key_id, actor_kind, first_event,
--   last_event, first_event_id

select
    actor_name,
    count(*) as denied,
    count(distinct event_name) as event_names,
    count(distinct event_source) as services,
    source_ip_address,
    access_key_id,
    actor_kind,
    min(event_time) as first_event,
    max(event_time) as last_event,
    arg_min(event_id, (event_time, event_id)) as first_event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until)
where outcome = 'denied'
group by actor_name, actor_kind, access_key_id, source_ip_address
order by denied desc, access_key_id, source_ip_address, actor_name, actor_kind
