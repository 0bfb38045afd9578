-- The documents of a kind, with the first name of the files that hold each. $kind: a kind of document.
select
    documents.source_sha256,
    coalesce(min(source_files.name), documents.source_sha256) as name,
    documents.content
from documents
left join source_files on source_files.sha256 = documents.source_sha256
where documents.kind = $kind
group by documents.source_sha256, documents.content
order by documents.source_sha256
