-- kept_conflicts: conflicts of events whose stored copy is in the best file. A copy in a worse file never makes an
-- event unreliable.
-- Grain: one row per (event_key, canonical_sha256).

with events as (
    select event_key, place
    from readings
    where is_of_event
)

select
    conflicts.event_key,
    conflicts.canonical_sha256,
    conflicts.delivery,
    conflicts.differs_in,
    conflicts.proves_nothing and coalesce(readings.place = events.place, true) as proves_nothing
from lake_conflicts as conflicts
left join events on events.event_key = conflicts.event_key
left join readings
  on  readings.event_key = conflicts.event_key
  and readings.canonical_sha256 = conflicts.canonical_sha256
where conflicts.event_key not in (select event_key from replaced_events)
