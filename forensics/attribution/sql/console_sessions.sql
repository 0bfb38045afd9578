-- console_sessions: sessions for which AWS issues further keys without logging them: console sign-ins, and clients of
-- `aws login`. Grain: one row per session (account, principal ID, creation date), with the event that shows it.

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
