-- The values of exports for a long-term key, and the same values from events. $key: the key.
with sts as (
    select
        access_key_id, account_id, as_of, as_of_from, source_sha256,
        row_number() over (partition by access_key_id order by as_of desc, source_sha256) as place,
        min(account_id) over (partition by access_key_id, as_of) as least_account,
        max(account_id) over (partition by access_key_id, as_of) as greatest_account
    from iam_access_keys
    where export = 'sts_access_key_info'
      and access_key_id = $key
)

select
    exported.account_id as exported_account_id,
    exported.user_name,
    exported.user_id,
    exported.user_arn,
    exported.status as iam_status,
    exported.never_used,
    exported.last_used_at::timestamp as last_used_at,
    sts.account_id as sts_account_id,
    case
        when sts.source_sha256 is not null
            then {
                export: 'sts_access_key_info',
                as_of: sts.as_of::timestamp,
                as_of_from: sts.as_of_from,
                source_sha256: sts.source_sha256
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
    end as last_use_source,
    logged.access_key_id is not null as is_logged,
    logged.account_id,
    logged.owner_kind,
    logged.owner_principal_id,
    logged.owner_name,
    logged.owner_arn
from exported_keys as exported
left join access_keys as logged on logged.access_key_id = exported.access_key_id
left join sts
  on  sts.access_key_id = exported.access_key_id
  and sts.place = 1
  and sts.least_account = sts.greatest_account
where exported.access_key_id = $key
