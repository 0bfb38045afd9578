-- title: Status changes of long-term keys
-- question: Who created, deactivated, activated or deleted which long-term key, and whose attempts were refused?
-- parameter: key varchar = null: only this access key ID
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1098.001, T1531
-- columns: event_time, access_key_id, account_id, user_name, change, succeeded, error_code, by_actor, by_actor_kind,
--   grade, by_access_key_id, first_use, last_use, event_id

select
    access_key_changes.event_time,
    access_key_changes.access_key_id,
    access_key_changes.account_id,
    coalesce(access_key_changes.user_name, access_keys.owner_name) as user_name,
    access_key_changes.change,
    access_key_changes.succeeded,
    access_key_changes.error_code,
    coalesce(events.actor_name, events.actor_id) as by_actor,
    events.actor_kind as by_actor_kind,
    events.grade,
    access_key_changes.by_access_key_id,
    access_keys.first_use,
    access_keys.last_use,
    events.event_id
from access_key_changes
join filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
  on  events.event_key = access_key_changes.event_key
left join access_keys
  on  access_keys.access_key_id = access_key_changes.access_key_id
  and access_keys.account_id = access_key_changes.account_id
where $key::varchar is null or access_key_changes.access_key_id = $key
order by access_key_changes.event_time, access_key_changes.event_key
