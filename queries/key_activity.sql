-- title: Calls of a key by action and outcome
-- question: Which services and actions was this key used for, how often did they succeed, and on how many resources?
-- parameter: key varchar: the access key ID
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: event_name, succeeded, denied, failed, event_source, tactic, resources, first_use, last_use,
--   first_event_id

select
    events.event_name,
    count(case when events.outcome = 'succeeded' then 1 end) as succeeded,
    count(case when events.outcome = 'denied' then 1 end) as denied,
    count(case when events.outcome = 'failed' then 1 end) as failed,
    events.event_source,
    min(sensitive_actions.tactic) as tactic,
    count(distinct events.resource) as resources,
    min(events.event_time) as first_use,
    max(events.event_time) as last_use,
    arg_min(events.event_id, (events.event_time, events.event_id)) as first_event_id
from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
left join sensitive_actions
  on  sensitive_actions.event_source = events.event_source
  and sensitive_actions.event_name = events.event_name
where events.access_key_id = $key
group by events.event_source, events.event_name
order by first_use, events.event_source, events.event_name
