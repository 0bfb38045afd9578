-- What was requested or created by calls from some addresses with a key, or derives from that. $ids: the key's
-- credentials; $addresses: source addresses, or null for all. Grain: one row per (id, event_key).
with below as (
    select unnest($ids::varchar[]) as id
    union
    select derived_id from derived where ancestor_id in (select unnest($ids::varchar[]))
),

edges as (
    select
        descents.child_id as id,
        descents.event_key,
        events.event_time,
        coalesce(events.source_addresses, events.source_ip_address) as address
    from descents
    left join events on events.event_key = descents.event_key
    where descents.parent_id in (select id from below)
),

issued as (
    select id
    from edges
    where $addresses::varchar[] is null
       or address in (select unnest($addresses::varchar[]))
),

reached as (
    select id from issued
    union
    select derived_id from derived where ancestor_id in (select id from issued)
)

select distinct id, event_key, event_time::timestamp as event_time
from edges
where id in (select id from reached)
  and id not in (select unnest($ids::varchar[]))
order by id, event_key
