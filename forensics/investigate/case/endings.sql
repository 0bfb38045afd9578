-- The number of credentials and of their events, by actor kind and stop reason.
select
    actors.actor_kind,
    actors.stop_reason,
    count(*) as credentials,
    sum(credentials.events)::bigint as events
from actors
join credentials on credentials.credential_id = actors.credential_id
group by actors.actor_kind, actors.stop_reason
order by actors.actor_kind, actors.stop_reason
