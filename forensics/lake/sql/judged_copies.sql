-- judged_copies: each copy of an event with the verdict of digests on its file, by `place`: 1 listed, 2 not covered, 3
-- contested, 4 unlisted.
-- Grain: one row per (event_key, source_sha256, position). A record from another product is not covered, unless its
-- file has the name of a trail's log file.

select
    copies.event_key,
    copies.source_sha256,
    copies.position,
    copies.delivery,
    copies.is_stored,
    case
        when file_listings.listing = 'listed' then 1
        when file_listings.listing = 'contested' then 3
        when file_listings.listing = 'unlisted' and (copies.delivery = 'native' or file_listings.is_log_file) then 4
        else 2
    end as place
from event_copies as copies
join file_listings on file_listings.source_sha256 = copies.source_sha256
