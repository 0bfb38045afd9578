-- The files that hold copies of events, with their verdict. $keys: event keys.
with copies as materialized (
    select event_key, source_sha256, position, is_stored
    from event_copies
    where event_key in (select unnest($keys))
),

named as (
    select sha256 as source_sha256, min(name) as name
    from source_files
    where sha256 in (select source_sha256 from copies)
    group by sha256
)

select
    copies.event_key,
    copies.is_stored,
    {
        source_file: named.name,
        source_sha256: copies.source_sha256,
        position: copies.position,
        digest_status: case when exists (select 1 from digests) then file_verdicts.status end
    } as copy
from copies
left join named on named.source_sha256 = copies.source_sha256
left join file_verdicts on file_verdicts.source_sha256 = copies.source_sha256
order by copies.event_key, named.name, copies.source_sha256, copies.position
