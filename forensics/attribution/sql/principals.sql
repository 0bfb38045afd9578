-- principals: what each unique ID stands for. Grain: one row per (principal_id, account_id).
-- A name that was given to two principals, one after the other, has two rows.

with seen as (
    select principal_id, account_id, 'iam_user' as kind, arn, user_name as name
    from events
    where identity_type = 'IAMUser' and principal_id is not null and arn is not null and not unreliable
    group by principal_id, account_id, arn, user_name

    union all

    select session_issuer_principal_id, account_id, 'role', session_issuer_arn, null
    from events
    where identity_type = 'AssumedRole' and session_issuer_principal_id is not null and session_issuer_arn is not null
      and not unreliable
    group by session_issuer_principal_id, account_id, session_issuer_arn
),

made as (
    select target_principal_id as principal_id, recipient_account_id as account_id, min(event_time) as created_at
    from events
    where event_name in ('CreateUser', 'CreateRole') and target_principal_id is not null and error_code is null
      and not unreliable
    group by target_principal_id, recipient_account_id
)

select
    seen.principal_id,
    seen.account_id,
    min(seen.kind) as kind,
    min(seen.arn) as arn,
    min(seen.name) as name,
    -- null unless its making is logged: before that, its name was another's
    min(made.created_at) as created_at
from seen
left join made on made.principal_id = seen.principal_id and made.account_id = seen.account_id
group by seen.principal_id, seen.account_id
