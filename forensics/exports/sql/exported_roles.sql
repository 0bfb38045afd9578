-- exported_roles: each role by every export that has it.
-- Grain: one row per (account_id, role_name, as_of). Different statements for one time are ignored.

select
    account_id,
    role_name,
    as_of,
    min(arn) as arn,
    min(created_at) as created_at,
    case
        when count(distinct requires_source_identity) = 1 then min(requires_source_identity)
    end as requires_source_identity,
    case when count(distinct requires_session_name) = 1 then min(requires_session_name) end as requires_session_name,
    min(export) as export,
    min(as_of_from) as as_of_from,
    min(source_sha256) as source_sha256
from iam_roles
where account_id is not null
  and as_of is not null
group by account_id, role_name, as_of
