-- title: Console sign-ins without MFA
-- question: Which IAM users and root users signed in to the console without MFA, from where, and how often with it?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: event_time, actor_name, recipient_account_id, identity_type, user_name, source_ip_address, user_agent,
--   sign_ins_with_mfa, event_id

with sign_ins as (
    select
        *,
        record ->> '$.additionalEventData.MFAUsed' as mfa_used
    from attributed_events
    where event_name = 'ConsoleLogin'
      and sign_in_result = 'Success'
      and identity_type in ('IAMUser', 'Root')
)

select
    event_time,
    actor_name,
    recipient_account_id,
    identity_type,
    user_name,
    source_ip_address,
    user_agent,
    sum(case when mfa_used = 'Yes' then 1 else 0 end)
        over (partition by recipient_account_id, coalesce(principal_id, user_name)) as sign_ins_with_mfa,
    event_id
from sign_ins
qualify mfa_used is distinct from 'Yes'
    and event_key in (
        select event_key from filtered_events($actor, $origin_key, $account, $address, $since, $until)
    )
order by event_time, event_key
