-- Every long-term key that the logs or an export name. One row per key and account.
select
    coalesce(logged.access_key_id, exported.access_key_id) as access_key_id,
    coalesce(logged.account_id, exported.account_id) as account_id,
    logged.access_key_id is not null as is_logged,
    logged.owner_kind,
    logged.owner_principal_id,
    logged.owner_name,
    logged.owner_arn,
    logged.created_at::timestamp as logged_created_at,
    logged.status,
    logged.status_since::timestamp as status_since,
    logged.first_use::timestamp as first_use,
    logged.last_use::timestamp as last_use,
    coalesce(logged.events, 0)::bigint as events,
    logged.owner_kind as logged_owner_kind,
    logged.owner_name as logged_owner_name,
    exported.access_key_id is not null as is_exported,
    exported.user_name,
    exported.user_id,
    exported.user_arn,
    exported.created_at::timestamp as exported_created_at,
    exported.status as iam_status,
    exported.never_used,
    exported.last_used_at::timestamp as last_used_at,
    exported.last_used_service,
    exported.last_used_region,
    exported.owner_export,
    exported.owner_as_of::timestamp as owner_as_of,
    exported.owner_source_sha256,
    exported.created_as_of::timestamp as created_as_of,
    exported.created_source_sha256,
    exported.status_as_of::timestamp as status_as_of,
    exported.status_source_sha256,
    exported.last_use_as_of::timestamp as last_use_as_of,
    exported.last_use_source_sha256
from access_keys as logged
full join exported_keys as exported
  on  exported.access_key_id = logged.access_key_id
  and (exported.account_id is null or exported.account_id = logged.account_id)
order by account_id, access_key_id
