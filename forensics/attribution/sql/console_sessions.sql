-- console_sessions: sessions for which AWS issues further keys without logging them: console sign-ins, and clients of
-- `aws login`. Grain: one row per session (account, principal ID, creation date), with the event that shows it.
-- A ConsoleLogin without session context belongs to the session that a SAML assertion started in the minute before it,
-- if only one did. `is_dated` is false then: such a sign-in explains only the keys that the console used.

with dated as (
    select
        account_id,
        principal_id,
        session_creation_date,
        min(event_key) as event_key
    from telling_events
    where event_source = 'signin.amazonaws.com'
      and event_name in ('ConsoleLogin', 'CreateOAuth2Token')
      and sign_in_result = 'Success'
      and session_creation_date is not null
      and principal_id is not null
      and not unreliable
      and not is_rebuilt
    group by account_id, principal_id, session_creation_date
),

undated as (
    select
        sign_ins.account_id,
        sign_ins.principal_id,
        sign_ins.event_key,
        min(issuances.event_time) as session_creation_date
    from telling_events as sign_ins
    join issuances
      on  issuances.issued_principal_id = sign_ins.principal_id
      and issuances.issued_account_id = sign_ins.account_id
      and issuances.event_name = 'AssumeRoleWithSAML'
      and issuances.event_time <= sign_ins.event_time
      and issuances.event_time >= sign_ins.event_time - interval 1 minute
    where sign_ins.event_source = 'signin.amazonaws.com'
      and sign_ins.event_name = 'ConsoleLogin'
      and sign_ins.identity_type = 'AssumedRole'
      and sign_ins.sign_in_result = 'Success'
      and sign_ins.session_creation_date is null
      and not sign_ins.unreliable
      and not sign_ins.is_rebuilt
    group by sign_ins.account_id, sign_ins.principal_id, sign_ins.event_key
    having min(issuances.event_time) = max(issuances.event_time)
),

known as (
    select account_id, principal_id, session_creation_date, event_key, true as is_dated
    from dated

    union all

    select account_id, principal_id, session_creation_date, event_key, false
    from undated
)

select account_id, principal_id, session_creation_date, min(event_key) as event_key, max(is_dated) as is_dated
from known
group by account_id, principal_id, session_creation_date
