-- Successful console sign-ins of a key's owner, with the first and the last one. $account, $principal: the owner.
select
    count(*) as sign_ins,
    min(event_time)::timestamp as first_sign_in,
    max(event_time)::timestamp as last_sign_in,
    list_filter(
        [
            arg_min(event_id, (event_time, event_id)),
            nullif(arg_max(event_id, (event_time, event_id)), arg_min(event_id, (event_time, event_id)))
        ],
        lambda id: id is not null
    ) as sign_in_event_ids
from issuances
where event_name = 'ConsoleLogin'
  and issued_account_id = $account
  and issued_principal_id = $principal
