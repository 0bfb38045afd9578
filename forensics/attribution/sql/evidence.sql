-- evidence: the events that prove something in an answer. Grain: one row per event.

with proving as (
    select event_key from issuance_events
    union
    select event_key from forward_access
    union
    select event_key from on_behalf_of
    union
    select event_key from console_sessions
    union
    select tool_event_key from links where tool_event_key is not null
    union
    select event_key from access_key_changes
    union
    select event_key from user_changes
    where event_name like '%LoginProfile' or policy like '%AWSCompromisedKeyQuarantine%'
)

select
    events.event_key,
    events.event_id,
    events.recipient_account_id,
    events.aws_region,
    events.event_time,
    events.event_name
from events
join proving on proving.event_key = events.event_key
