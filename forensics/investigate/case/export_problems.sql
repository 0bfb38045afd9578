-- The parts of exports that could not be read, by file. $hashes: the SHA-256 of the files; null returns all.
select source_files.name, 'incomplete' as status, export_problems.problem as reason
from export_problems
join source_files on source_files.sha256 = export_problems.source_sha256 and source_files.status <> 'duplicate'
where $hashes::varchar[] is null or export_problems.source_sha256 in (select unnest($hashes::varchar[]))
order by source_files.name, export_problems.problem, export_problems.source_sha256
