-- evidence: the events that prove something in an answer. Grain: one row per event.

with proving as (
    select event_key from issuance_events
    union
    select event_key from forward_access
    union
    select event_key from console_sessions
    union
    select tool_event_key from links where tool_event_key is not null
    union
    select event_key from access_key_changes
    union
    select event_key from user_changes
    where event_name like '%LoginProfile'
       or event_name = 'DeleteUser'
       or policy like '%AWSCompromisedKeyQuarantine%'
    union
    select event_key from plantings
    union
    select event_key from named_keys
    union
    select event_key from not_trusted
),

-- any event of a session can name its Identity Center user
naming as (
    select distinct on_behalf_of.event_key, credentials.credential_id
    from on_behalf_of
    join credentials on credentials.on_behalf_of_event_key = on_behalf_of.event_key
    left join proving on proving.event_key = on_behalf_of.event_key
    where proving.event_key is null
)

select
    telling_events.event_key,
    telling_events.event_id,
    telling_events.recipient_account_id,
    telling_events.aws_region,
    telling_events.event_time,
    telling_events.event_name
from telling_events
join proving on proving.event_key = telling_events.event_key

union all

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
