-- title: Use of the root user
-- question: Which calls did root users make by key, sign-in or AssumeRoot, and from where?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: event_time, recipient_account_id, event_source, event_name, outcome, error_code, source_ip_address,
--   user_agent, access_key_id, mfa_authenticated, assumed_root, actor_kind, actor_name, actor_id, event_id

select
    event_time,
    recipient_account_id,
    event_source,
    event_name,
    outcome,
    error_code,
    source_ip_address,
    user_agent,
    access_key_id,
    mfa_authenticated,
    coalesce(assumed_root, false) as assumed_root,
    actor_kind,
    actor_name,
    actor_id,
    event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until)
where (identity_type = 'Root' or (event_source = 'sts.amazonaws.com' and event_name = 'AssumeRoot'))
  and invoked_by is null
order by event_time, event_key
