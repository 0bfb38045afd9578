-- The credentials of the sessions of a role. $id: its unique ID, or its ARN if no record shows the ID.
select credential_id
from credentials
where arn like '%:assumed-role/%'
  and coalesce(session_issuer_principal_id, nullif(split_part(principal_id, ':', 1), ''), session_issuer_arn) = $id
