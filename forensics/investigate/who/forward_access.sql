-- Credentials that a service used on a user's behalf, with the long-term keys that match by time. $ids: credential IDs.
select credential_id, access_key_id, event_key
from forward_access
where credential_id in (select unnest($ids))
order by credential_id, access_key_id, event_key
