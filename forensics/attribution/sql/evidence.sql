-- evidence: the events that prove something in an answer. Grain: one row per event.

with proving as (
    select event_key from issuance_events
    union
    select event_key from console_sessions
    union
    select tool_event_key from links where tool_event_key is not null
    union
    select event_key from access_key_changes
    union
    select event_key from user_changes
    where event_name like '%LoginProfile' or policy like '%AWSCompromisedKeyQuarantine%'
),

told as (
    select
        telling_events.event_key,
        telling_events.event_id,
        telling_events.recipient_account_id,
        telling_events.aws_region,
        telling_events.event_time,
        telling_events.event_name
    from telling_events
    join proving on proving.event_key = telling_events.event_key
),

-- any event may name the user of its session, or be what a service did on a user's behalf
naming as (
    select on_behalf_of.event_key, credentials.credential_id
    from on_behalf_of
    join credentials on credentials.on_behalf_of_event_key = on_behalf_of.event_key

    union

    select forward_access.event_key, forward_access.credential_id
    from forward_access
),

named as (
    select
        events.event_key,
        events.event_id,
        events.recipient_account_id,
        events.aws_region,
        events.event_time,
        events.event_name
    from events
    join naming
      on  naming.credential_id = events.credential_id
      and naming.event_key = events.event_key
)

select event_key, event_id, recipient_account_id, aws_region, event_time, event_name
from told

union

select event_key, event_id, recipient_account_id, aws_region, event_time, event_name
from named
