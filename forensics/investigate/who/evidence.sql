-- The proving events of issuances, with their files and the best verdict on these. $ids: issuance IDs and event keys.
with asked as materialized (
    select issuance_id as id, event_key from issuance_events where issuance_id in (select unnest($ids))
    union
    select unnest($ids), unnest($ids)
),

cited as materialized (
    select * from evidence where event_key in (select event_key from asked)
),

files as materialized (
    select * from evidence_files where event_key in (select event_key from asked)
),

verdicts as materialized (
    select
        source_sha256,
        case status
            when 'signed' then 1 when 'hash-chained' then 2 when 'unverified' then 3 when 'unlisted' then 4 else 5
        end as place
    from file_verdicts
    where source_sha256 in (select source_sha256 from files)
      and exists (select 1 from digests)
),

proofs as (
    select
        asked.id,
        evidence.event_id,
        evidence.recipient_account_id,
        evidence.aws_region,
        evidence.event_time::timestamp as event_time,
        evidence.event_name,
        coalesce(list_sort(list(files.name) filter (where files.name <> '')), []) as source_files,
        case min(verdicts.place)
            when 1 then 'signed' when 2 then 'hash-chained' when 3 then 'unverified'
            when 4 then 'unlisted' when 5 then 'changed'
        end as digest_status
    from asked
    join cited as evidence on evidence.event_key = asked.event_key
    left join files on files.event_key = asked.event_key
    left join verdicts on verdicts.source_sha256 = files.source_sha256
    group by all
)

select id, proofs as event
from proofs
order by id, event_time, event_id, recipient_account_id
