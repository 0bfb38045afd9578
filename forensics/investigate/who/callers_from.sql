-- What called from some addresses: long-term keys, sessions, and other principals. Grain: one row per (type, id).
-- $addresses: source addresses as logged. Unsigned and unreliable events are left out, and the copies of a call that
-- another account got.
with uses as (
    select credential_id, min(event_time) as first_use, max(event_time) as last_use
    from events
    where source_ip_address in (select unnest($addresses))
      and credential_id is not null
      and not unreliable
      and event_key not in (select event_key from twins)
    group by credential_id
),

callers as (
    select
        case
            when credentials.is_long_term then 'access_key'
            when credentials.arn like '%:sts:%' then 'session'
            else 'actor'
        end as type,
        uses.*,
        credentials.access_key_id,
        credentials.principal_id,
        credentials.arn,
        credentials.account_id
    from uses
    join credentials on credentials.credential_id = uses.credential_id
)

select
    callers.type,
    case callers.type
        when 'access_key' then callers.access_key_id
        when 'session' then callers.arn
        else coalesce(callers.principal_id, callers.access_key_id)
    end as id,
    case when count(distinct actors.actor_kind || coalesce(actors.actor_id, '')) = 1 then min(actors.actor_kind) end
        as kind,
    min(callers.account_id) as account_id,
    case when count(distinct actors.actor_kind || coalesce(actors.actor_id, '')) = 1 then min(actors.actor_name) end
        as name,
    min(callers.arn) as arn,
    min(callers.first_use)::timestamp as first_seen,
    max(callers.last_use)::timestamp as last_seen
from callers
join actors on actors.credential_id = callers.credential_id
group by 1, 2
having id is not null
order by first_seen, id
