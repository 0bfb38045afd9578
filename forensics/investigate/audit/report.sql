-- The keys of the latest credential report of each account, which has no key IDs. One row per user and key; a user
-- without keys has one row without a key. $account, $user: the user whose rows are returned; null returns all.
with latest as (
    select
        users.*,
        dense_rank() over (partition by users.account_id order by users.as_of desc, users.source_sha256) as place
    from iam_credential_report as users
    where users.account_id is not null
)

select
    users.account_id,
    users.user_name,
    users.arn,
    users.password_enabled,
    users.password_last_used::timestamp as password_last_used,
    users.mfa_active,
    keys.slot,
    keys.active,
    keys.last_rotated_at::timestamp as last_rotated_at,
    keys.never_used,
    keys.last_used_at::timestamp as last_used_at,
    keys.last_used_service,
    keys.last_used_region,
    users.as_of::timestamp as as_of,
    users.as_of_from,
    users.export,
    users.source_sha256,
    exports.is_whole
from latest as users
join exports on exports.source_sha256 = users.source_sha256
left join iam_credential_report_keys as keys
  on  keys.source_sha256 = users.source_sha256
  and keys.account_id = users.account_id
  and keys.user_name = users.user_name
where users.place = 1
  and ($user::varchar is null or (users.account_id = $account and lower(users.user_name) = lower($user)))
order by users.account_id, users.user_name, keys.slot
