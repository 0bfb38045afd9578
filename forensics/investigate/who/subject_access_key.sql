-- The credentials of an access key ID. $id: the key.
select credential_id, false as unreliable, false as is_attempt
from credentials
where access_key_id = $id
order by credential_id
