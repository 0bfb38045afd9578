-- title: Status changes of long-term keys
-- question: Who created, deactivated, activated or deleted which long-term key, and whose attempts were refused?
-- parameter: key varchar = null: only this access key ID
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
    coalesce(actors.actor_name, actors.actor_id) as by_actor,
    actors.actor_kind as by_actor_kind,
    actors.grade,
    access_key_changes.by_access_key_id,
    access_keys.first_use,
    access_keys.last_use,
    evidence.event_id
from access_key_changes
left join access_keys
  on  access_keys.access_key_id = access_key_changes.access_key_id
  and access_keys.account_id = access_key_changes.account_id
left join actors on actors.credential_id = access_key_changes.by_credential_id
left join evidence on evidence.event_key = access_key_changes.event_key
where $key::varchar is null or access_key_changes.access_key_id = $key
order by access_key_changes.event_time, access_key_changes.event_key
