-- principals: the user or role of each unique ID.
-- Grain: one row per (principal_id, account_id). If two principals had a name, one after the other, there are two rows.
-- A renamed principal has the name with which it was last seen. Credentials whose records disagree are ignored.

with seen as (
    select
        principal_id,
        account_id,
        'iam_user' as kind,
        arn,
        -- if a user was renamed on that day, the name in the ARN
        case
            when arn like '%:user/%' and right(arn, length(user_name) + 1) <> '/' || user_name
                then regexp_extract(arn, '[^/]+$', 0)
            else user_name
        end as name,
        coalesce(strftime(last_use, '%Y-%m-%d %H:%M:%S'), '0000-00-00 00:00:00') as last_seen
    from credential_days
    where first_identity_type = 'IAMUser'
      and last_identity_type = 'IAMUser'
      and principal_id is not null
      and arn is not null

    union all

    select
        first_session_issuer_principal_id,
        account_id,
        'role',
        first_session_issuer_arn,
        null,
        coalesce(strftime(last_use, '%Y-%m-%d %H:%M:%S'), '0000-00-00 00:00:00')
    from credential_days
    where first_identity_type = 'AssumedRole'
      and last_identity_type = 'AssumedRole'
      and first_session_issuer_principal_id = last_session_issuer_principal_id
      and first_session_issuer_arn = last_session_issuer_arn
),

made as (
    select target_principal_id as principal_id, recipient_account_id as account_id, min(event_time) as created_at
    from telling_events
    where event_name in ('CreateUser', 'CreateRole') and target_principal_id is not null and error_code is null
      and not unreliable
    group by target_principal_id, recipient_account_id
)

select
    seen.principal_id,
    seen.account_id,
    min(seen.kind) as kind,
    -- cut off the time, which is the prefix
    substr(max(seen.last_seen || seen.arn), 20) as arn,
    substr(max(seen.last_seen || seen.name), 20) as name,
    -- null unless its creation is logged: before that, the name may have been another's
    min(made.created_at) as created_at
from seen
left join made on made.principal_id = seen.principal_id and made.account_id = seen.account_id
group by seen.principal_id, seen.account_id
