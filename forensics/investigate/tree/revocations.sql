-- The events that ended or restored keys, users, roles, passwords or sessions until a time, or renamed users.
-- $accounts: account IDs; $at: the time, UTC. A key that was deactivated and activated in one second is assumed to
-- work. An event without a readable time may have been the last one: like an unreliable record, it ends nothing, but
-- may restore something.
select
    account_id,
    coalesce(event_time::timestamp, $at) as event_time,
    event_name,
    aws_region,
    access_key_id,
    status,
    user_name,
    new_user_name,
    user_principal_id,
    role_name,
    policy,
    revoked_before::timestamp as revoked_before,
    is_unreliable or event_time is null as is_unreliable
from revocations
where account_id in (select unnest($accounts))
  and coalesce(event_time::timestamp <= $at, true)
order by
    revocations.event_time,
    case when status = 'Deleted' then 3 when status = 'Active' then 2 else 1 end,
    event_key
