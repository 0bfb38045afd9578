-- title: Permissions that were granted
-- question: Who granted which permissions to whom, and did anyone grant them to themselves?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1098.003, T1484.002, T1548.005
-- columns: event_time, actor_name, actor_id, actor_kind, grade, origin_access_key_id, event_name, technique, target,
--   policy, to_itself, outcome, error_code, recipient_account_id, event_id

select
    events.event_time,
    events.actor_name,
    events.actor_id,
    events.actor_kind,
    events.grade,
    events.origin_access_key_id,
    events.event_name,
    sensitive_actions.technique,
    coalesce(events.target_user_name, events.target_role_name, events.target_role_arn, events.resource) as target,
    events.target_policy as policy,
    -- whether the target is the calling role or user
    coalesce(
        lower(events.target_role_name) = lower(regexp_extract(events.session_issuer_arn, '[^/]+$', 0))
            or lower(events.target_user_name) = lower(events.user_name),
        false
    ) as to_itself,
    events.outcome,
    events.error_code,
    events.recipient_account_id,
    events.event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
join sensitive_actions
  on  sensitive_actions.event_source = events.event_source
  and sensitive_actions.event_name = events.event_name
where sensitive_actions.tactic = 'privilege_escalation'
   or events.event_name = 'UpdateAssumeRolePolicy'
order by events.event_time, events.event_key
