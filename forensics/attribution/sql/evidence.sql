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
    select created_by_event_key from access_keys where created_by_event_key is not null
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
