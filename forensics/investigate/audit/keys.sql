-- Every long-term key in the logs or an export. One row per key and account. If an export names an account other than
-- that of the events, the key has one row, with `account_differs`. `reported_as`: the name of its owner in a credential
-- report. $account, $user: the owner whose keys are returned, by that name; null returns all keys.
with exported_accounts as (
    select access_key_id, account_id, export, as_of, as_of_from, source_sha256
    from iam_access_keys
    where account_id is not null
    qualify row_number() over (partition by access_key_id order by as_of desc, export, source_sha256) = 1
),

located as (
    select exported_keys.*, same_account.access_key_id is not null as is_of_logged_account
    from exported_keys
    left join access_keys as same_account
      on  same_account.access_key_id = exported_keys.access_key_id
      and same_account.account_id = exported_keys.account_id
)

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
    logged.expires_at::timestamp as expires_at,
    logged.first_use::timestamp as first_use,
    logged.last_use::timestamp as last_use,
    coalesce(logged.events, 0)::bigint as events,
    exported.access_key_id is not null as is_exported,
    coalesce(logged.account_id <> exported.account_id, false) as account_differs,
    case
        when logged.owner_kind = 'root' or exported.user_name = '<root_account>' then '<root_account>'
        else coalesce(nullif(logged.owner_name, ''), exported.user_name)
    end as reported_as,
    exported.user_name,
    exported.user_id,
    exported.user_arn,
    exported.created_at::timestamp as exported_created_at,
    exported.status as iam_status,
    exported.never_used,
    exported.last_used_at::timestamp as last_used_at,
    exported.last_used_service,
    exported.last_used_region,
    case
        when exported_accounts.source_sha256 is not null
            then {
                export: exported_accounts.export,
                as_of: exported_accounts.as_of::timestamp,
                as_of_from: exported_accounts.as_of_from,
                source_sha256: exported_accounts.source_sha256
            }
    end as account_source,
    case
        when exported.owner_source_sha256 is not null
            then {
                export: exported.owner_export,
                as_of: exported.owner_as_of::timestamp,
                as_of_from: exported.owner_as_of_from,
                source_sha256: exported.owner_source_sha256
            }
    end as owner_source,
    case
        when exported.created_source_sha256 is not null
            then {
                export: 'iam_access_keys',
                as_of: exported.created_as_of::timestamp,
                as_of_from: exported.created_as_of_from,
                source_sha256: exported.created_source_sha256
            }
    end as created_source,
    case
        when exported.status_source_sha256 is not null
            then {
                export: 'iam_access_keys',
                as_of: exported.status_as_of::timestamp,
                as_of_from: exported.status_as_of_from,
                source_sha256: exported.status_source_sha256
            }
    end as status_source,
    case
        when exported.last_use_source_sha256 is not null
            then {
                export: 'iam_access_key_last_used',
                as_of: exported.last_use_as_of::timestamp,
                as_of_from: exported.last_use_as_of_from,
                source_sha256: exported.last_use_source_sha256
            }
    end as last_use_source
from access_keys as logged
full join located as exported
  on  exported.access_key_id = logged.access_key_id
  and (exported.account_id = logged.account_id or not exported.is_of_logged_account)
left join exported_accounts
  on  exported_accounts.access_key_id = exported.access_key_id
  and exported_accounts.account_id = exported.account_id
where $user::varchar is null
   or (coalesce(logged.account_id, exported.account_id) = $account and lower(reported_as) = lower($user))
order by account_id, access_key_id
