-- Credentials that a service used on a user's behalf, and the long-term keys that fit by time. $ids: credential IDs.
select credential_id, access_key_id, event_key
from forward_access
where credential_id in (select unnest($ids))
order by credential_id, access_key_id, event_key
