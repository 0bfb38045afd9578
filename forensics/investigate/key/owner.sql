-- The owner and the status of a long-term key. $key: the key; one row per account that it occurs in.
select
    account_id,
    owner_kind,
    owner_principal_id,
    owner_name,
    owner_arn,
    created_at::timestamp as created_at,
    status,
    status_since::timestamp as status_since
from access_keys
where access_key_id = $key
order by account_id
