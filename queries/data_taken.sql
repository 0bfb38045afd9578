-- title: Data read or shared
-- question: Who read how many objects and bytes of which bucket, or shared, copied or exported which snapshot or image?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1530, T1537
-- columns: actor_name, event_name, succeeded, denied, failed, store, objects, bytes, actor_id, actor_kind, grade,
--   origin_access_key_id, source_ip_address, first_event, last_event, first_event_id

select
    events.actor_name,
    events.event_name,
    count(case when events.outcome = 'succeeded' then 1 end) as succeeded,
    count(case when events.outcome = 'denied' then 1 end) as denied,
    count(case when events.outcome = 'failed' then 1 end) as failed,
    -- the bucket of an object
    case
        when events.resource like 'arn:%:s3:::%' then split_part(events.resource, '/', 1)
        else events.resource
    end as store,
    count(distinct events.resource) as objects,
    sum(try_cast(events.record ->> '$.additionalEventData.bytesTransferredOut' as bigint))::bigint as bytes,
    events.actor_id,
    events.actor_kind,
    events.grade,
    events.origin_access_key_id,
    coalesce(events.source_addresses, events.source_ip_address) as source_ip_address,
    min(events.event_time) as first_event,
    max(events.event_time) as last_event,
    arg_min(events.event_id, (events.event_time, events.event_id)) as first_event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
join sensitive_actions
  on  sensitive_actions.event_source = events.event_source
  and sensitive_actions.event_name = events.event_name
where sensitive_actions.technique in ('T1530', 'T1537')
group by
    store, events.event_name, events.actor_name, events.actor_id, events.actor_kind, events.grade,
    events.origin_access_key_id, coalesce(events.source_addresses, events.source_ip_address)
order by
    succeeded desc, first_event, store, events.actor_id, events.event_name,
    coalesce(events.source_addresses, events.source_ip_address), events.origin_access_key_id, events.actor_name,
    events.actor_kind, events.grade
