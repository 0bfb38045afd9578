-- The long-term keys of a user. $account, $id, $name: the user. `event_id`: their creation.
select
    access_keys.access_key_id,
    access_keys.account_id,
    access_keys.status,
    access_keys.created_at::timestamp as created_at,
    evidence.event_id
from access_keys
left join evidence on evidence.event_key = access_keys.created_by_event_key
where access_keys.account_id = $account
  and access_keys.owner_kind = 'iam_user'
  and same_user(owner_principal_id, owner_name, $id, $name)
order by access_keys.access_key_id
