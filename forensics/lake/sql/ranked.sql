-- ranked: the copies of each event, ranked; the first is the event.
-- Grain: one row per (path, file_row_number). Content ranks before place, so the order of arrival does not matter.
-- Equal bytes in a damaged file rank lower, and among equals the one that is already in the case stays.

select
    event_key,
    path,
    is_new,
    filename,
    file_row_number,
    raw_sha256,
    coalesce(canonical_sha256, '') as canonical_sha256,
    delivery,
    source_sha256,
    position,
    row_number() over (
        partition by event_key
        order by
            case delivery when 'native' then 0 when 'wrapped' then 1 else 2 end,
            coalesce(canonical_sha256, ''),
            raw_sha256,
            unreliable,
            source_sha256,
            position,
            is_new,
            path,
            file_row_number
    ) as place
from copies
left join canonical using (raw_sha256)
