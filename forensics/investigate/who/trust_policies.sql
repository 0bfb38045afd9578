-- The requirements of trust policies of roles, in the order in which they were set. $roles: account and name, such as
-- 1/name.
select
    account_id,
    role_name,
    event_time::timestamp as event_time,
    requires_source_identity,
    requires_session_name
from trust_policies
where account_id || '/' || role_name in (select unnest($roles))
order by account_id, role_name, event_time, event_key
