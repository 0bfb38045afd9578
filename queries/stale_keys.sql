-- title: Keys unused or overdue for rotation
-- question: Which active long-term keys are unused, and which are overdue for rotation?
-- parameter: unused_days bigint = 90: a key not used for longer than this is unused
-- parameter: rotation_days bigint = 90: a key older than this is overdue
-- techniques: T1078.004
-- needs: exported_keys: only IAM knows the keys without events; add its exports (list-access-keys,
--   get-access-key-last-used, get-account-authorization-details) with `forensics ingest`
-- columns: access_key_id, account_id, user_name, status, as_of, created_at, days_old, is_overdue, last_used_at,
--   last_used_in_logs, days_unused, is_unused

with known as (
    select
        exported_keys.access_key_id,
        exported_keys.account_id,
        exported_keys.user_name,
        exported_keys.status,
        coalesce(exported_keys.status_as_of, exported_keys.last_use_as_of, exported_keys.created_as_of) as as_of,
        exported_keys.created_at,
        exported_keys.last_used_at,
        access_keys.last_use as last_used_in_logs,
        -- the creation time, for a key that was never used
        greatest(
            coalesce(exported_keys.last_used_at, access_keys.last_use, exported_keys.created_at),
            coalesce(access_keys.last_use, exported_keys.last_used_at, exported_keys.created_at)
        ) as idle_since
    from exported_keys
    left join access_keys on access_keys.access_key_id = exported_keys.access_key_id
    where coalesce(exported_keys.status, 'Active') = 'Active'
),

aged as (
    select
        *,
        date_diff('day', created_at, as_of) as days_old,
        date_diff('day', idle_since, as_of) as days_unused
    from known
)

select
    access_key_id,
    account_id,
    user_name,
    status,
    as_of,
    created_at,
    days_old,
    days_old > $rotation_days as is_overdue,
    last_used_at,
    last_used_in_logs,
    days_unused,
    days_unused > $unused_days as is_unused
from aged
where days_old > $rotation_days
   or days_unused > $unused_days
order by days_unused desc, days_old desc, access_key_id, last_used_in_logs
