-- A long-term key by exports, and by events. $key: the key.
with told as (
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
    exported.* exclude (created_at, created_as_of, last_used_at, owner_as_of, status_as_of, last_use_as_of),
    exported.created_at::timestamp as created_at,
    exported.last_used_at::timestamp as last_used_at,
    exported.owner_as_of::timestamp as owner_as_of,
    exported.status_as_of::timestamp as status_as_of,
    exported.last_use_as_of::timestamp as last_use_as_of,
    exported.account_id as key_account_id,
    told.account_id as told_account_id,
    told.as_of::timestamp as account_as_of,
    told.as_of_from as account_as_of_from,
    told.source_sha256 as account_source_sha256,
    logged.access_key_id is not null as is_logged,
    logged.owner_kind as logged_owner_kind,
    logged.owner_name as logged_owner_name,
    logged.owner_principal_id as logged_owner_id,
    logged.account_id as logged_account_id
from exported_keys as exported
left join access_keys as logged on logged.access_key_id = exported.access_key_id
left join told
  on  told.access_key_id = exported.access_key_id
  and told.place = 1
  and told.least_account = told.greatest_account
where exported.access_key_id = $key
