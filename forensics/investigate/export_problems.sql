-- The parts of exports that could not be read, by file.
select source_files.name, export_problems.source_sha256, export_problems.problem
from export_problems
join source_files on source_files.sha256 = export_problems.source_sha256 and source_files.status <> 'duplicate'
order by source_files.name, export_problems.problem, export_problems.source_sha256
