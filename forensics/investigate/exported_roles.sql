-- The requirements of trust policies in exports. $roles: account and name, such as 1/name.
select
    account_id,
    role_name,
    arn,
    created_at::timestamp as created_at,
    as_of::timestamp as as_of,
    as_of_from,
    requires_source_identity,
    requires_session_name,
    export,
    source_sha256
from exported_roles
where account_id || '/' || role_name in (select unnest($roles))
  and (requires_source_identity is not null or requires_session_name is not null)
order by account_id, role_name, exported_roles.as_of, arn, source_sha256
