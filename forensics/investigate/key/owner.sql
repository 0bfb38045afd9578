-- The owner and the status of a long-term key. $key: the key; one row per account that it occurs in.
select
    account_id,
    owner_kind,
    owner_principal_id,
    owner_name,
    owner_arn,
    {status: status, status_since: status_since::timestamp, created_at: created_at::timestamp,
     service_name: service_name, expires_at: expires_at::timestamp} as lifecycle
from access_keys
where access_key_id = $key
order by account_id
