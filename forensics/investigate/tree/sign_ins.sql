-- The last sign-in to the console of each role session, and the last request for a sign-in token, until a time. $ids:
-- credential IDs; $began: the starts of their sessions; $until: the latest times at which a sign-in can begin; $at: the
-- time. A sign-in without session context may belong to any session of its principal that worked then.
with sessions as (
    select unnest($ids) as id, unnest($began)::timestamptz as began, unnest($until)::timestamptz as until
),

sign_ins as (
    select principal_id, account_id, session_creation_date, event_name, event_time
    from events
    where (
          event_date is null
          or event_date between (select min(began)::date - 1 from sessions)
              and (select max(until)::date + 1 from sessions)
      )
      and event_source = 'signin.amazonaws.com'
      and (
          (event_name = 'ConsoleLogin' and sign_in_result = 'Success')
          or (event_name = 'GetSigninToken' and error_code is null)
      )
      and event_time::timestamp <= $at
)

select
    sessions.id,
    max(case when sign_ins.event_name = 'ConsoleLogin' then sign_ins.event_time end)::timestamp as signed_in_at,
    max(case when sign_ins.event_name = 'GetSigninToken' then sign_ins.event_time end)::timestamp as requested_at
from sessions
join credentials on credentials.credential_id = sessions.id
join sign_ins
  on  sign_ins.principal_id = credentials.principal_id
  and sign_ins.account_id = credentials.account_id
  and coalesce(
      -- the issuance may be logged a second before or after the start of the session
      abs(epoch(sign_ins.session_creation_date) - epoch(sessions.began)) <= 1,
      sign_ins.event_time between sessions.began and sessions.until
  )
group by sessions.id
order by sessions.id
