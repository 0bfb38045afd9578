-- new_places: new places of copies that are no longer rows, in the order of the table.
-- Grain: one row per (event_key, source_sha256, position).

with losers as (
    select event_key, source_sha256, position, delivery from ranked
    where place > 1
),
winners as (
    select event_key, source_sha256, position from ranked
    where place = 1
)
select distinct event_key, source_sha256, position, delivery
from losers
anti join winners using (event_key, source_sha256, position)
anti join known_places using (event_key, source_sha256, position)
order by event_key, source_sha256, position
