-- access_keys: every long-term key that was used, created or changed.
-- Grain: one row per (access_key_id, account_id). The owner is the user that signed with the key, otherwise the user
-- that it was created for; a key that root created without naming a user is root's. `status` is the result of the last
-- successful change. It is null if no change is logged, or if the last second has changes with different results. A
-- service-specific credential, such as an API key of Bedrock, is a key for one service (`service_name`).

with signed as (
    -- exports may leave out the account of some calls
    select
        *,
        coalesce(
            account_id,
            case when min(account_id) over of_key = max(account_id) over of_key then min(account_id) over of_key end
        ) as key_account_id
    from credentials
    where is_long_term
      and identity_type in ('IAMUser', 'Root')
    window of_key as (partition by access_key_id)
),

used as (
    select
        access_key_id,
        key_account_id as account_id,
        min(principal_id) as owner_principal_id,
        -- root's user name is the account alias, not a name
        min(case identity_type when 'IAMUser' then user_name end) as owner_name,
        min(arn) as owner_arn,
        min(case identity_type when 'Root' then 'root' else 'iam_user' end) as owner_kind,
        min(first_use) as first_use,
        max(last_use) as last_use,
        sum(events) as events
    from signed
    group by access_key_id, key_account_id
    -- a key ID that two principals signed with has no owner
    having count(distinct principal_id) <= 1
),

changes as (
    select
        *,
        row_number() over (partition by access_key_id, account_id, change order by event_time, event_key) as place,
        count(*) over (partition by access_key_id, account_id, change) as times,
        row_number() over (
            partition by access_key_id, account_id
            order by
                -- a new secret leaves the status as it is
                case change when 'deleted' then 1 when 'reset' then 3 else 2 end,
                event_time desc,
                -- in one second, the creation comes first
                case change when 'created' then 2 else 1 end,
                event_key desc
        ) as place_from_end,
        min(case when change in ('activated', 'deactivated') then change end) over (
            partition by access_key_id, account_id, event_time
        ) <> max(case when change in ('activated', 'deactivated') then change end) over (
            partition by access_key_id, account_id, event_time
        ) as is_switched_both_ways
    from access_key_changes
    where access_key_id is not null
      and succeeded
),

created as (
    select
        access_key_id,
        account_id,
        case when is_root_key then 'root' else 'iam_user' end as owner_kind,
        user_name as owner_name,
        -- a key is created once: with two such records, the creator is unknown
        case when times = 1 then event_key end as created_by_event_key,
        case when times = 1 then by_credential_id end as created_by_credential_id,
        service_name,
        expires_at,
        event_time as created_at
    from changes
    where change = 'created' and place = 1
),

changed as (
    select
        access_key_id,
        account_id,
        event_key,
        user_name as owner_name,
        case
            when change = 'deleted' then 'Deleted'
            when is_switched_both_ways or change in ('changed', 'reset') then null
            when change = 'deactivated' then 'Inactive'
            else 'Active'
        end as status,
        event_time as status_since
    from changes
    where place_from_end = 1
),

known as (
    select access_key_id, account_id from used
    union
    select access_key_id, account_id from changed
)

select
    known.access_key_id,
    known.account_id,
    coalesce(used.owner_kind, created.owner_kind, 'iam_user') as owner_kind,
    coalesce(used.owner_principal_id, users.principal_id) as owner_principal_id,
    coalesce(used.owner_name, created.owner_name, changed.owner_name) as owner_name,
    coalesce(used.owner_arn, users.arn) as owner_arn,
    created.created_at,
    created.created_by_event_key,
    created.created_by_credential_id,
    changed.status,
    changed.status_since,
    created.service_name,
    created.expires_at,
    used.first_use,
    used.last_use,
    coalesce(used.events, 0) as events
from known
left join used on used.access_key_id = known.access_key_id and used.account_id = known.account_id
left join created on created.access_key_id = known.access_key_id and created.account_id = known.account_id
left join changed on changed.access_key_id = known.access_key_id and changed.account_id = known.account_id
left join named_users as users
  on  users.event_key = changed.event_key
  and users.is_certain
  -- a created key's owner is on its credential
  and created.access_key_id is null
