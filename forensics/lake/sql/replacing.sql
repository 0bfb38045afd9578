-- replacing: the versions of events whose stored copy is in a worse file than another copy, with their bytes.
-- Grain: one row per (event_key, canonical_sha256). The first row of an event replaces the stored one.

with best as (
    select event_key, min(place) as place
    from readings
    group by event_key
),

replaced as (
    select readings.event_key, best.place
    from readings
    join best on best.event_key = readings.event_key
    where readings.is_of_event and readings.place > best.place
)

select
    readings.event_key,
    readings.canonical_sha256,
    readings.source_sha256,
    readings.position,
    readings.delivery,
    readings.is_of_event,
    readings.place = replaced.place as is_best,
    coalesce(conflicts.raw, stored_events.raw) as raw
from readings
join replaced on replaced.event_key = readings.event_key
left join lake_conflicts as conflicts
  on  conflicts.event_key = readings.event_key
  and conflicts.canonical_sha256 = readings.canonical_sha256
  and not readings.is_of_event
left join stored_events on stored_events.event_key = readings.event_key and readings.is_of_event
order by
    readings.event_key,
    readings.place,
    case readings.delivery when 'native' then 0 else 1 end,
    readings.canonical_sha256
