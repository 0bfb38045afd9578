-- The events in given files. $ids: event IDs; $sources: SHA-256 of files.
select distinct evidence.event_id
from evidence
join evidence_files on evidence_files.event_key = evidence.event_key
where evidence.event_id in (select unnest($ids))
  and evidence_files.source_sha256 in (select unnest($sources))
order by evidence.event_id
