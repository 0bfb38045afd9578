-- The other long-term keys of a key's owner. $key; $account, $kind, $principal, $user: the owner.
select
    access_key_id,
    status,
    created_at::timestamp as created_at,
    first_use::timestamp as first_use,
    last_use::timestamp as last_use,
    events::bigint as events
from access_keys
where account_id = $account
  and access_key_id <> $key
  and owner_kind = $kind
  and (owner_kind = 'root' or coalesce(owner_principal_id = $principal, false) or coalesce(owner_name = $user, false))
order by access_key_id
