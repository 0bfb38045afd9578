-- The last sign-in to the console of each session, by its credentials. $ids: credential IDs. A sign-in without session
-- context may belong to any session of its principal that had begun by then.
select credentials.credential_id as id, max(events.event_time)::timestamp as signed_in_at
from credentials
join events
  on  events.principal_id = credentials.principal_id
  and events.account_id = credentials.account_id
  and coalesce(
      events.session_creation_date = credentials.session_creation_date,
      events.event_time >= credentials.session_creation_date
  )
where credentials.credential_id in (select unnest($ids))
  and events.event_source = 'signin.amazonaws.com'
  and events.event_name = 'ConsoleLogin'
  and events.sign_in_result = 'Success'
group by credentials.credential_id
order by credentials.credential_id
