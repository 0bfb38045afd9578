-- addenda_places: where copies of an addendum lie that are no rows any more, and that are not yet known.
-- Grain: one row per (event_key, source_sha256, position).

select distinct known_addenda.addendum_key as event_key, source_sha256, position
from known_addenda
anti join addenda using (addendum_key, source_sha256, position)
where known_addenda.event_key in (select event_key from to_amend)
  and (known_addenda.addendum_key, source_sha256, position) not in (
    select (event_key, source_sha256, position) from known_places
)
