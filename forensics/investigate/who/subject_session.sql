-- The credentials of an ARN: of a session, a user, or the sessions of a role. $id: the ARN.
select credential_id, false as unreliable, false as is_attempt
from credentials
where arn = $id or session_issuer_arn = $id
order by credential_id
