-- amended: each event to amend, with its addenda from oldest to newest.
-- Grain: one row per event_key.

with amendments as (
    select event_key, list(raw order by event_time, addendum_key) as addenda
    from addenda
    group by event_key
)
select flags, unreliable, delivery, source_sha256, position, raw, addenda
from to_amend
join amendments using (event_key)
