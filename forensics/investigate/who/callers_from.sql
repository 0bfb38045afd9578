-- What called from some addresses: long-term keys, sessions, other principals, and calls without one.
-- Grain: one row per (type, id); of the calls without an ID, one row per kind of actor and `unreliable`.
-- $addresses: source addresses as logged. Copies of one call are one call, by the credential of the caller's own copy.
-- An unreliable event proves no caller.
with calls as (
    select
        case when not events.unreliable then coalesce(twins.credential_id, events.credential_id) end as credential_id,
        events.unreliable,
        events.actor_kind,
        events.event_time,
        coalesce(events.shared_event_id, events.event_key) as call_id
    from attributed_events as events
    left join twins on twins.event_key = events.event_key
    where events.source_ip_address in (select unnest($addresses))
),

uses as (
    select
        credential_id,
        unreliable,
        case when credential_id is null then actor_kind end as unsigned_kind,
        count(distinct call_id) as events,
        min(event_time) as first_use,
        max(event_time) as last_use
    from calls
    group by all
),

callers as (
    select
        case
            when credentials.is_long_term then 'access_key'
            when credentials.arn like '%:sts:%' then 'session'
            else 'actor'
        end as type,
        case
            when credentials.is_long_term then credentials.access_key_id
            when credentials.arn like '%:sts:%' then credentials.arn
            else coalesce(credentials.principal_id, credentials.access_key_id)
        end as id,
        uses.*,
        credentials.arn,
        credentials.account_id,
        coalesce(uses.unsigned_kind, actors.actor_kind) as actor_kind,
        actors.actor_id,
        actors.actor_name
    from uses
    left join credentials on credentials.credential_id = uses.credential_id
    left join actors on actors.credential_id = uses.credential_id
)

select
    type,
    id,
    case when count(distinct actor_kind || coalesce(actor_id, '')) = 1 then min(actor_kind) end as kind,
    min(account_id) as account_id,
    case when count(distinct actor_kind || coalesce(actor_id, '')) = 1 then min(actor_name) end as name,
    min(arn) as arn,
    min(first_use)::timestamp as first_seen,
    max(last_use)::timestamp as last_seen,
    sum(events)::bigint as events,
    bool_or(unreliable) as unreliable
from callers
group by type, id, case when id is null then actor_kind end, case when id is null then unreliable end
order by first_seen, type, id, kind, unreliable
