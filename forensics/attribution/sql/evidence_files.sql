-- evidence_files: the files of the proving events. Grain: one row per (event_key, source file).

select distinct evidence.event_key, source_files.name, source_files.sha256 as source_sha256
from event_copies
join evidence on evidence.event_key = event_copies.event_key
join source_files on source_files.sha256 = event_copies.source_sha256
