-- Successful console sign-ins of a key's owner. $account, $principal: the owner.
select
    count(*) as sign_ins,
    min(event_time)::timestamp as first_sign_in,
    max(event_time)::timestamp as last_sign_in,
    arg_min(event_id, (event_time, event_id)) as first_event_id,
    arg_max(event_id, (event_time, event_id)) as last_event_id
from issuances
where event_name = 'ConsoleLogin'
  and issued_account_id = $account
  and issued_principal_id = $principal
