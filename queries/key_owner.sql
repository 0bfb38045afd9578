-- title: Owner of a long-term key
-- question: Which account and user own this long-term key, who created it and when, is it active, when was it used?
-- parameter: key varchar: the access key ID
-- techniques: T1078.004
-- columns: access_key_id, account_id, owner_kind, owner_name, owner_principal_id, owner_arn, created_at, created_by,
--   created_by_origin_key, status, status_since, first_use, last_use, events, created_by_event_id

select
    access_keys.access_key_id,
    access_keys.account_id,
    access_keys.owner_kind,
    access_keys.owner_name,
    access_keys.owner_principal_id,
    access_keys.owner_arn,
    access_keys.created_at,
    coalesce(actors.display_name, actors.actor_id) as created_by,
    actors.origin_access_key_id as created_by_origin_key,
    access_keys.status,
    access_keys.status_since,
    access_keys.first_use,
    access_keys.last_use,
    access_keys.events,
    evidence.event_id as created_by_event_id
from access_keys
left join actors on actors.credential_id = access_keys.created_by_credential_id
left join evidence on evidence.event_key = access_keys.created_by_event_key
where access_keys.access_key_id = $key
order by access_keys.account_id
