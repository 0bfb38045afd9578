-- title: Secrets that were read
-- question: Who read secrets and parameters, or got a password or database token, and how much of the reads is theirs?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1555.006, T1552
-- columns: actor_name, event_name, reads, denied, failed, resource, share_of_reads, first_read, last_read, actor_id,
--   actor_kind, grade, origin_access_key_id, first_event_id

-- by everyone, also outside the filters
with resources as (
    select coalesce(events.resource, '') as resource, count(case when events.outcome = 'succeeded' then 1 end) as reads
    from events
    join sensitive_actions
      on  sensitive_actions.event_source = events.event_source
      and sensitive_actions.event_name = events.event_name
    where sensitive_actions.tactic = 'credential_access'
    group by coalesce(events.resource, '')
),

reads as (
    select
        coalesce(events.resource, '') as resource,
        events.event_name,
        events.actor_name,
        events.actor_id,
        events.actor_kind,
        events.grade,
        events.origin_access_key_id,
        count(case when events.outcome = 'succeeded' then 1 end) as reads,
        count(case when events.outcome = 'denied' then 1 end) as denied,
        count(case when events.outcome = 'failed' then 1 end) as failed,
        min(events.event_time) as first_read,
        max(events.event_time) as last_read,
        arg_min(events.event_id, (events.event_time, events.event_id)) as first_event_id
    from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
    join sensitive_actions
      on  sensitive_actions.event_source = events.event_source
      and sensitive_actions.event_name = events.event_name
    where sensitive_actions.tactic = 'credential_access'
    group by
        coalesce(events.resource, ''), events.event_name, events.actor_name, events.actor_id, events.actor_kind,
        events.grade, events.origin_access_key_id
)

select
    actor_name,
    event_name,
    reads.reads,
    denied,
    failed,
    reads.resource,
    round(reads.reads / nullif(resources.reads, 0), 3) as share_of_reads,
    first_read,
    last_read,
    actor_id,
    actor_kind,
    grade,
    origin_access_key_id,
    first_event_id
from reads
join resources on resources.resource = reads.resource
order by
    share_of_reads, first_read, reads.resource, actor_id, event_name, origin_access_key_id, actor_name, actor_kind,
    grade
