-- title: Logs and detectors that were disabled
-- question: Who stopped, narrowed or deleted logging or detection, who tried to, and for how long was a trail affected?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1562.008, T1562.001
-- columns: event_time, actor_name, actor_id, grade, origin_access_key_id, event_source, event_name, effect, target,
--   outcome, error_code, until, recipient_account_id, event_id

select
    events.event_time,
    events.actor_name,
    events.actor_id,
    events.grade,
    events.origin_access_key_id,
    events.event_source,
    events.event_name,
    trail_changes.effect,
    coalesce(events.target_trail, events.resource) as target,
    events.outcome,
    events.error_code,
    trail_changes.until,
    events.recipient_account_id,
    events.event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
join sensitive_actions
  on  sensitive_actions.event_source = events.event_source
  and sensitive_actions.event_name = events.event_name
left join trail_changes on trail_changes.event_key = events.event_key
where sensitive_actions.technique in ('T1562.008', 'T1562.001', 'T1562')
order by events.event_time, events.event_key
