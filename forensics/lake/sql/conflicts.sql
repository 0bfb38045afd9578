-- conflicts: the complete new table, because a new copy can replace the event that earlier conflicts differed from.
-- Grain: one row per (event_key, canonical_sha256). A copy with a lower delivery than the event, such as through a
-- SIEM, is shown, but does not make the event unreliable.

with rows as (
    select filename, file_row_number, raw
    from read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)
),
winners as (
    select ranked.event_key, ranked.canonical_sha256, ranked.delivery, rows.raw
    from ranked
    join rows
        on  rows.filename = ranked.filename
        and rows.file_row_number = ranked.file_row_number
    where ranked.place = 1
      and ranked.event_key in (select event_key from in_conflict)
),
versions as (
    select event_key, canonical_sha256, sha256(raw) as raw_sha256, delivery, raw, differs_in, proves_nothing
    from old_conflicts
    union all
    select
        in_conflict.event_key,
        in_conflict.canonical_sha256,
        in_conflict.raw_sha256,
        in_conflict.delivery,
        rows.raw,
        null as differs_in,
        null as proves_nothing
    from in_conflict
    join rows
        on  rows.filename = in_conflict.filename
        and rows.file_row_number = in_conflict.file_row_number
),
distinct_versions as (
    select * from versions
    qualify row_number() over (partition by event_key, canonical_sha256 order by raw_sha256, differs_in) = 1
),
compared as (
    select
        versions.event_key,
        versions.canonical_sha256,
        versions.delivery,
        winners.delivery as winner_delivery,
        case
            when winners.raw is null then versions.differs_in
            else differs_in(versions.raw, winners.raw)
        end as differs_in,
        versions.proves_nothing,
        versions.raw
    from distinct_versions as versions
    left join winners using (event_key)
    where winners.canonical_sha256 is distinct from versions.canonical_sha256
)
select
    event_key,
    canonical_sha256,
    delivery,
    differs_in,
    case
        when winner_delivery is null then proves_nothing
        else winner_delivery = delivery and (differs_in = '' or list_has_any(string_split(differs_in, ','), $decisive))
    end as proves_nothing,
    raw
from compared
order by event_key, canonical_sha256
