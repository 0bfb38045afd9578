-- Loaded records of the issuance of credentials that prove nothing, and why. $ids: credential IDs.
select credential_id, event_key, reason, flags
from not_trusted
where credential_id in (select unnest($ids))
order by credential_id, event_key
