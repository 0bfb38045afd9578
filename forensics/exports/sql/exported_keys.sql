-- exported_keys: the state of each long-term key by exports.
-- Grain: one row per access_key_id. The latest statement of each field counts, with its export, time and file;
-- different statements for one time are ignored. The later of two last uses counts.

with owners as (
    select
        access_key_id,
        user_name,
        export,
        as_of,
        as_of_from,
        source_sha256,
        row_number() over (partition by access_key_id order by as_of desc, export, source_sha256) as place,
        min(user_name) over (partition by access_key_id, as_of) as least_name,
        max(user_name) over (partition by access_key_id, as_of) as greatest_name
    from iam_access_keys
    where user_name is not null
),

statuses as (
    select
        access_key_id, status, as_of, as_of_from, source_sha256,
        rank() over (partition by access_key_id order by as_of desc) as place
    from iam_access_keys
    where status is not null
),

status as (
    select
        access_key_id,
        min(status) as status,
        min(as_of) as status_as_of,
        min(as_of_from) as status_as_of_from,
        min(source_sha256) as status_source_sha256
    from statuses
    where place = 1
    group by access_key_id
    having min(status) = max(status)
),

uses as (
    select
        access_key_id, never_used, last_used_at, last_used_service, last_used_region, as_of, as_of_from, source_sha256,
        row_number() over (
            partition by access_key_id order by as_of desc, last_used_at desc nulls last, source_sha256
        ) as place
    from iam_access_keys
    where never_used or last_used_at is not null
),

creations as (
    select
        access_key_id,
        created_at,
        as_of,
        as_of_from,
        source_sha256,
        row_number() over (partition by access_key_id order by as_of desc, source_sha256) as place,
        min(created_at) over (partition by access_key_id, as_of) as least_time,
        max(created_at) over (partition by access_key_id, as_of) as greatest_time
    from iam_access_keys
    where created_at is not null
),

keys as (
    select
        access_key_id,
        case when min(account_id) = max(account_id) then min(account_id) end as account_id
    from iam_access_keys
    group by access_key_id
)

select
    keys.access_key_id,
    keys.account_id,
    owners.user_name,
    users.user_id,
    users.arn as user_arn,
    creations.created_at,
    status.status,
    uses.never_used,
    uses.last_used_at,
    uses.last_used_service,
    uses.last_used_region,
    owners.export as owner_export,
    owners.as_of as owner_as_of,
    owners.as_of_from as owner_as_of_from,
    owners.source_sha256 as owner_source_sha256,
    creations.as_of as created_as_of,
    creations.as_of_from as created_as_of_from,
    creations.source_sha256 as created_source_sha256,
    status.status_as_of,
    status.status_as_of_from,
    status.status_source_sha256,
    uses.as_of as last_use_as_of,
    uses.as_of_from as last_use_as_of_from,
    uses.source_sha256 as last_use_source_sha256
from keys
left join owners
  on  owners.access_key_id = keys.access_key_id
  and owners.place = 1
  and owners.least_name = owners.greatest_name
left join creations
  on  creations.access_key_id = keys.access_key_id
  and creations.place = 1
  and creations.least_time = creations.greatest_time
left join status on status.access_key_id = keys.access_key_id
left join uses on uses.access_key_id = keys.access_key_id and uses.place = 1
left join (
    select account_id, user_name, min(user_id) as user_id, min(arn) as arn, max(created_at) as created_at
    from iam_users
    where user_id is not null
    group by account_id, user_name
    having min(user_id) = max(user_id)
) as users
  on  users.account_id = keys.account_id
  and users.user_name = owners.user_name
  -- a user created after the key is a different user with the same name
  and coalesce(users.created_at <= creations.created_at, true)
