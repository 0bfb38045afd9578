-- conflict_copies: the places of each version of an event with conflicts.
-- Grain: one row per (event_key, source_sha256, position). Rebuilt copies never conflict and are left out. A copy
-- without a canonical hash has the bytes of the stored row; a copy from an ingest before the conflict is equal to the
-- row stored then.

with conflicting as (
    select event_key from in_conflict
    union
    select event_key from old_conflict_copies
),

stored as (
    select
        ranked.event_key,
        coalesce(nullif(ranked.canonical_sha256, ''), known.canonical_sha256) as canonical_sha256
    from ranked
    left join old_conflict_copies as known
      on  known.event_key = ranked.event_key
      and known.source_sha256 = ranked.source_sha256
      and known.position = ranked.position
    where not ranked.is_new
)

select event_key, canonical_sha256, source_sha256, position, delivery from old_conflict_copies

union

select
    ranked.event_key,
    coalesce(nullif(ranked.canonical_sha256, ''), stored.canonical_sha256),
    ranked.source_sha256,
    ranked.position,
    ranked.delivery
from ranked
left join stored on stored.event_key = ranked.event_key
where ranked.event_key in (select event_key from conflicting)
  and ranked.delivery <> 'rebuilt'

union

select
    known_places.event_key,
    stored.canonical_sha256,
    known_places.source_sha256,
    known_places.position,
    known_places.delivery
from known_places
join stored on stored.event_key = known_places.event_key
where known_places.event_key in (select event_key from in_conflict)
  and known_places.event_key not in (select event_key from old_conflict_copies)
  and known_places.delivery <> 'rebuilt'
