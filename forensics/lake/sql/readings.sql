-- readings: the versions of an event with conflicts, each with its best copy.
-- Grain: one row per (event_key, canonical_sha256). `place` is that of judged_copies.

with judged as (
    select
        known.event_key,
        known.canonical_sha256,
        known.source_sha256,
        known.position,
        known.delivery,
        copies.place,
        copies.is_stored
    from conflict_copies as known
    join judged_copies as copies
      on  copies.event_key = known.event_key
      and copies.source_sha256 = known.source_sha256
      and copies.position = known.position
),

ranked as (
    select
        *,
        max(is_stored) over (partition by event_key, canonical_sha256) as is_of_event,
        row_number() over (
            partition by event_key, canonical_sha256
            order by
                place,
                case delivery when 'native' then 0 else 1 end,
                source_sha256,
                position
        ) as choice
    from judged
)

select event_key, canonical_sha256, source_sha256, position, delivery, place, is_of_event
from ranked
where choice = 1
