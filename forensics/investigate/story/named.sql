-- The actors and roles that a name means. $name: a name or ID in any case. `id`: how the events are found; `place`: the
-- ARN, or else the ID with the account of a workload. Grain: one row per actor or role.
with called as (
    select
        actor_kind,
        actor_id,
        actor_arn,
        -- functions of two accounts may have one name; a person is one person in all accounts
        case when actor_kind = 'workload' then actor_account_id end as account_id
    from actors
    where actor_kind <> 'unknown'
      and lower($name) in (
          lower(actor_name),
          lower(actor_id),
          lower(split_part(actor_name, '@', 1)),
          case when actor_kind = 'root' then 'root of ' || actor_account_id end
      )
)

select
    actor_kind as kind,
    coalesce(case when actor_kind = 'workload' then min(actor_arn) end, actor_id) as id,
    coalesce(min(actor_arn), actor_id || coalesce(' of account ' || account_id, '')) as place
from called
group by actor_kind, actor_id, account_id

union all

select 'role', session_issuer_arn, session_issuer_arn
from credentials
where session_issuer_type = 'Role'
  and lower($name) in (
      lower(regexp_extract(session_issuer_arn, '[^/]+$', 0)),
      case when principal_id like 'AROA%' then lower(split_part(principal_id, ':', 1)) end
  )
group by session_issuer_arn

order by kind, id
limit 20
