-- addenda_places: new places of copies of addenda that are no longer rows.
-- Grain: one row per (event_key, source_sha256, position).

with copies as (
    select distinct addendum_key, source_sha256, position, delivery from amending_addenda
    anti join addenda using (addendum_key, source_sha256, position)
)
select copies.addendum_key as event_key, copies.source_sha256, copies.position, copies.delivery
from copies
left join known_places
    on  known_places.event_key = copies.addendum_key
    and known_places.source_sha256 = copies.source_sha256
    and known_places.position = copies.position
where known_places.event_key is null
