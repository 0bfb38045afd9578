-- The credentials of an access key or a session. $key: its ID, or null; $session: its ARN or principal ID, or null.
select credential_id
from credentials
where access_key_id = $key or $session in (arn, principal_id)

union

select credential_id
from actors
where origin_access_key_id = $key
