-- principals: what each unique ID stands for. Grain: one row per (principal_id, account_id).
-- A name that was given to two principals, one after the other, has two rows.

with seen as (
    select principal_id, account_id, 'iam_user' as kind, arn, user_name as name, min(event_time) as first_seen
    from events
    where identity_type = 'IAMUser' and principal_id is not null and arn is not null and not unreliable
    group by principal_id, account_id, arn, user_name

    union all

    select session_issuer_principal_id, account_id, 'role', session_issuer_arn, null, min(event_time)
    from events
    where identity_type = 'AssumedRole' and session_issuer_principal_id is not null and session_issuer_arn is not null
      and not unreliable
    group by session_issuer_principal_id, account_id, session_issuer_arn
)

select
    principal_id,
    account_id,
    min(kind) as kind,
    min(arn) as arn,
    min(name) as name,
    min(first_seen) as first_seen,
    count(distinct arn) as arns
from seen
group by principal_id, account_id
