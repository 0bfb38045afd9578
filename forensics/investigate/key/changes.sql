-- Status changes of a key, and refused calls on its owner's keys that do not name one. $key; $account, $user: its
-- owner.
select
    event_key,
    access_key_id,
    change,
    succeeded,
    error_code,
    event_time::timestamp as event_time,
    by_credential_id,
    by_access_key_id,
    by_arn
from access_key_changes
where access_key_id = $key
   or (access_key_id is null and change <> 'created' and account_id = $account and lower(user_name) = lower($user))
order by event_time, event_key
