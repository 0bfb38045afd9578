-- title: Timeline of a session
-- question: Which calls were made with this session, in order of time, on what, and with what outcome?
-- parameter: session varchar: its principal ID (AROA...:name) or its ARN
-- parameter: created_at timestamptz = null: only the session that was issued in this second
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1550.001
-- columns: event_time, event_name, outcome, error_code, source_ip_address, access_key_id, aws_region, resource,
--   session_creation_date, actor_name, actor_id, grade, recipient_account_id, event_id

select
    event_time,
    event_name,
    outcome,
    error_code,
    source_ip_address,
    access_key_id,
    aws_region,
    resource,
    session_creation_date,
    actor_name,
    actor_id,
    grade,
    recipient_account_id,
    event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until)
where $session in (principal_id, arn)
  and ($created_at::timestamptz is null or session_creation_date = $created_at::timestamptz)
order by event_time, event_key
