-- addenda: the addenda of the events to amend. For copies of one addendum, the row is the copy that ranks first.
-- Grain: one row per (event_key, addendum_key).

select event_key, addendum_key, event_time, delivery, source_sha256, position, raw
from amending_addenda
qualify row_number() over (
    partition by event_key, addendum_key
    order by
        case delivery when 'native' then 0 when 'wrapped' then 1 else 2 end,
        sha256(raw),
        source_sha256,
        position
) = 1
