-- title: Credentials without an actor
-- question: Which credentials are not attributed, why, how much were they used, and when do their accounts' logs begin?
-- techniques: T1078.004
-- columns: stop_reason, is_ambiguous, access_key_id, arn, account_id, session_creation_date, candidates, events,
--   first_use, last_use, first_event_id, first_loaded_event

with loaded as (
    select recipient_account_id as account_id, min(first_event_time) as first_loaded_event
    from coverage
    group by recipient_account_id
),

possible as (
    select child_credential_id, count(distinct issuer_key) as candidates
    from links
    group by child_credential_id
),

first_events as (
    select credential_id, arg_min(event_id, (event_time, event_id)) as event_id
    from events
    group by credential_id
)

select
    actors.stop_reason,
    actors.is_ambiguous,
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    credentials.session_creation_date,
    coalesce(possible.candidates, 0) as candidates,
    credentials.events,
    credentials.first_use,
    credentials.last_use,
    first_events.event_id as first_event_id,
    -- of the credential's account, whose logs would contain the issuance
    loaded.first_loaded_event
from actors
join credentials on credentials.credential_id = actors.credential_id
left join loaded on loaded.account_id = credentials.account_id
left join first_events on first_events.credential_id = actors.credential_id
left join possible on possible.child_credential_id = actors.credential_id
where actors.actor_kind = 'unknown'
order by credentials.events desc, credentials.first_use, credentials.credential_id
