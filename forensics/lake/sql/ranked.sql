-- ranked: the copies of each event in the order in which they are the event; the first is.
-- Grain: one row per (path, file_row_number).
-- The order looks at the copies before it looks at where they lie, so it is the same whatever came first. The same bytes
-- prove less where a file is damaged, and of equals the one that is in the case already stays.

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
