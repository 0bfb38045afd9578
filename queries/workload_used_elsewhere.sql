-- title: Workload credentials used elsewhere
-- question: Which credentials of an instance, function or task were also used from another address?
-- techniques: T1552.005, T1550.001
-- columns: workload_type, workload, access_key_id, arn, home, home_events, elsewhere, events, first_use, last_use,
--   first_event_id

with uses as (
    select
        credential_id,
        source_ip_address,
        -- all private addresses are one place, because an instance may have several
        case
            when regexp_matches(source_ip_address, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.)') then 'private address'
            else source_ip_address
        end as place,
        event_time,
        event_id
    from events
    where invoked_by is null
      and regexp_matches(source_ip_address, '^[0-9a-fA-F.:]+$')
),

places as (
    select
        credential_id,
        place,
        min(source_ip_address) as source_ip_address,
        count(*) as events,
        min(event_time) as first_use,
        max(event_time) as last_use,
        arg_min(event_id, (event_time, event_id)) as first_event_id
    from uses
    group by credential_id, place
),

ranked as (
    select
        *,
        first_value(place) over homes as home,
        first_value(events) over homes as home_events
    from places
    window homes as (
        partition by credential_id
        order by case when place = 'private address' then 1 else 2 end, events desc, first_use, place
    )
)

select
    actors.workload_type,
    coalesce(actors.actor_name, actors.actor_id) as workload,
    credentials.access_key_id,
    credentials.arn,
    ranked.home,
    ranked.home_events,
    ranked.source_ip_address as elsewhere,
    ranked.events,
    ranked.first_use,
    ranked.last_use,
    ranked.first_event_id
from ranked
join actors on actors.credential_id = ranked.credential_id
join credentials on credentials.credential_id = ranked.credential_id
where actors.actor_kind = 'workload'
  and ranked.place <> ranked.home
order by ranked.first_use, credentials.access_key_id, elsewhere, ranked.credential_id, ranked.place
