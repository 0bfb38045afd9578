-- title: Sensitive calls by actor
-- question: Who made calls of which ATT&CK tactic, how often did they succeed, and which are rare in this case?
-- parameter: tactic varchar = null: only this tactic, such as exfiltration
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1059.009
-- columns: actor_name, event_name, succeeded, denied, failed, tactic, technique, actors_in_case, first_event,
--   last_event, actor_id, actor_kind, origin_access_key_id, first_event_id

-- also outside the filters
with callers as (
    select
        sensitive_actions.tactic,
        events.event_name,
        count(
            distinct (
                sensitive_actions.technique, events.actor_name, events.actor_id, events.actor_kind,
                events.origin_access_key_id
            )
        ) as actors_in_case
    from attributed_events as events
    join sensitive_actions
      on  sensitive_actions.event_source = events.event_source
      and sensitive_actions.event_name = events.event_name
    group by sensitive_actions.tactic, events.event_name
),

calls as (
    select
        sensitive_actions.tactic,
        sensitive_actions.technique,
        events.event_name,
        events.actor_name,
        events.actor_id,
        events.actor_kind,
        events.origin_access_key_id,
        count(case when events.outcome = 'succeeded' then 1 end) as succeeded,
        count(case when events.outcome = 'denied' then 1 end) as denied,
        count(case when events.outcome = 'failed' then 1 end) as failed,
        min(events.event_time) as first_event,
        max(events.event_time) as last_event,
        arg_min(events.event_id, (events.event_time, events.event_id)) as first_event_id
    from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
    join sensitive_actions
      on  sensitive_actions.event_source = events.event_source
      and sensitive_actions.event_name = events.event_name
    where $tactic::varchar is null or sensitive_actions.tactic = $tactic
    group by
        sensitive_actions.tactic, sensitive_actions.technique, events.event_name, events.actor_name, events.actor_id,
        events.actor_kind, events.origin_access_key_id
)

select
    actor_name,
    calls.event_name,
    succeeded,
    denied,
    failed,
    calls.tactic,
    technique,
    callers.actors_in_case,
    first_event,
    last_event,
    actor_id,
    actor_kind,
    origin_access_key_id,
    first_event_id
from calls
join callers on callers.tactic = calls.tactic and callers.event_name = calls.event_name
order by
    actors_in_case, first_event, calls.event_name, actor_id, technique, calls.tactic, origin_access_key_id,
    actor_name, actor_kind
