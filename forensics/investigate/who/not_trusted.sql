-- Loaded records of issuances that are not evidence, and why. $ids: the issued credentials.
select credential_id, event_key, reason, flags
from not_trusted
where credential_id in (select unnest($ids))
order by credential_id, event_key
