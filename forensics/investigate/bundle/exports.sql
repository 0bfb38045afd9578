-- Exports with their content. $names: names of source files.
select min(source_files.name) as name, documents.source_sha256, any_value(documents.content) as content
from documents
join exports on exports.source_sha256 = documents.source_sha256
join source_files on source_files.sha256 = documents.source_sha256
where source_files.name in (select unnest($names))
group by documents.source_sha256
order by name, documents.source_sha256
