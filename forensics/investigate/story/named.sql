-- Whom a name means: actors and roles. Grain: one row per actor or role. $name: in any case. `place`: the ARN, or else
-- the ID.
select
    actor_kind as kind,
    actor_id as id,
    coalesce(min(actor_arn), actor_id) as place
from actors
where actor_kind <> 'unknown'
  and lower($name) in (lower(actor_name), lower(actor_id), lower(split_part(actor_name, '@', 1)))
group by actor_kind, actor_id

union all

select 'role', session_issuer_arn, session_issuer_arn
from credentials
where session_issuer_type = 'Role'
  and lower(regexp_extract(session_issuer_arn, '[^/]+$', 0)) = lower($name)
group by session_issuer_arn

order by kind, id
limit 20
