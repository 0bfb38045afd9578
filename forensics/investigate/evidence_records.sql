-- The hashes of the proving records when the tables were built. $ids: event IDs.
select event_id, path, raw_sha256
from evidence_records
where event_id in (select unnest($ids))
order by event_id, path
