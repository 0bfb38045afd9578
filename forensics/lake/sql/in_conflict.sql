-- in_conflict: copies that differ from the event; rebuilt copies never do.
-- Grain: one row per (event_key, canonical_sha256): among equal copies, the one with the smallest hash.

select
    losers.event_key,
    losers.canonical_sha256,
    losers.raw_sha256,
    losers.delivery,
    losers.filename,
    losers.file_row_number
from ranked as losers
join ranked as winners
    on  winners.event_key = losers.event_key
    and winners.place = 1
    and winners.canonical_sha256 <> losers.canonical_sha256
where losers.place > 1
  and losers.delivery <> 'rebuilt'
qualify row_number() over (
    partition by losers.event_key, losers.canonical_sha256
    order by losers.raw_sha256, losers.place
) = 1
