-- access_keys: every long-term key that was used or made. Grain: one row per (access_key_id, account_id).
-- The owner is the user that signed with it, else the user that it was made for.

with used as (
    select
        access_key_id,
        account_id,
        min(principal_id) as owner_principal_id,
        -- root's user name is the account's alias, which nobody is called by
        min(case identity_type when 'IAMUser' then user_name end) as owner_name,
        min(arn) as owner_arn,
        min(case identity_type when 'Root' then 'root' else 'iam_user' end) as owner_kind,
        min(first_use) as first_use,
        max(last_use) as last_use,
        sum(events) as events
    from credentials
    where access_key_id like 'AKIA%'
      and identity_type in ('IAMUser', 'Root')
    group by access_key_id, account_id
    -- a key ID that two signed with is nobody's
    having count(distinct coalesce(principal_id, '')) = 1
),

created as (
    select
        created_access_key_id as access_key_id,
        recipient_account_id as account_id,
        min(target_user_name) as owner_name,
        -- a key is made once: of two records that say they made it, neither tells by whom
        case when count(*) = 1 then min(event_key) end as created_by_event_key,
        case when count(*) = 1 then min(credential_id) end as created_by_credential_id,
        min(event_time) as created_at
    from events
    where created_access_key_id is not null
      and error_code is null
      and not unreliable
    group by created_access_key_id, recipient_account_id
)

select
    coalesce(used.access_key_id, created.access_key_id) as access_key_id,
    coalesce(used.account_id, created.account_id) as account_id,
    coalesce(used.owner_kind, 'iam_user') as owner_kind,
    used.owner_principal_id,
    coalesce(used.owner_name, created.owner_name) as owner_name,
    used.owner_arn,
    created.created_at,
    created.created_by_event_key,
    created.created_by_credential_id,
    used.first_use,
    used.last_use,
    coalesce(used.events, 0) as events
from used
full outer join created
  on  created.access_key_id = used.access_key_id
  and created.account_id = used.account_id
