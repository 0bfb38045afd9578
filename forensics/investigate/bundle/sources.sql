-- The files that hold events, the paths that they were read from, and the digest that lists each. $ids: event IDs.
with holding as (
    select distinct evidence_files.source_sha256
    from evidence
    join evidence_files on evidence_files.event_key = evidence.event_key
    where evidence.event_id in (select unnest($ids))
)

select
    holding.source_sha256,
    min(source_files.name) as name,
    list_sort(list(distinct source_files.path)) as paths,
    any_value(file_verdicts.digest_sha256) as digest_sha256,
    case when exists (select 1 from digests) then any_value(file_verdicts.status) end as digest_status
from holding
join source_files on source_files.sha256 = holding.source_sha256
left join file_verdicts on file_verdicts.source_sha256 = holding.source_sha256
group by holding.source_sha256
order by name, holding.source_sha256
