-- The credentials of a principal ID, with or without a session name. $id: the principal ID.
select credential_id, false as unreliable, false as is_attempt
from credentials
where (principal_id = $id or session_issuer_principal_id = $id or starts_with(principal_id, $id || ':'))
  and credential_id not in (from redacted_credentials)
order by credential_id
