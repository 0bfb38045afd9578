-- The use of long-term keys: one row per key, account and user agent. `last_use_before`: the last use up to the last
-- use that IAM reports.
select
    events.access_key_id,
    events.account_id,
    events.user_agent,
    min(events.event_time)::timestamp as first_use,
    max(case when events.outcome = 'succeeded' then events.event_time end)::timestamp as last_success,
    max(case when events.event_time <= exported.last_use_as_of then events.event_time end)::timestamp
        as last_use_before,
    min(events.event_id) as event_id
from events
join credentials on credentials.credential_id = events.credential_id
left join exported_keys as exported on exported.access_key_id = events.access_key_id
where credentials.is_long_term
  and events.event_time is not null
group by events.access_key_id, events.account_id, events.user_agent
order by events.access_key_id, events.account_id, first_use, events.user_agent
