-- The records of each source file that are in the case: events, copies of events that are stored from another record,
-- addenda, and records in quarantine.
-- Grain: one row per source file that has any.
with places as (
    select
        source_sha256,
        case when is_stored then 1 else 0 end as stored,
        case when is_stored then 0 else 1 end as copies,
        0 as addenda,
        0 as rejected
    from event_copies

    union all

    select source_sha256, 0, 0, 1, 0
    from event_addenda

    union all

    select source_sha256, 0, 0, 0, 1
    from quarantine
)

select
    source_sha256,
    sum(stored)::bigint as stored,
    sum(copies)::bigint as copies,
    sum(addenda)::bigint as addenda,
    sum(rejected)::bigint as rejected
from places
group by source_sha256
