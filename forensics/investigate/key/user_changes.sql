-- Changes of a key's owner: console password, and AWS's quarantine. $account, $principal, $user: the owner.
select
    event_key,
    event_name,
    policy,
    succeeded,
    error_code,
    event_time::timestamp as event_time,
    by_credential_id,
    by_access_key_id
from user_changes
where account_id = $account
  and same_user(user_principal_id, user_name, $principal, $user)
  and (event_name like '%LoginProfile' or policy like '%AWSCompromisedKeyQuarantine%')
order by event_time, event_key
