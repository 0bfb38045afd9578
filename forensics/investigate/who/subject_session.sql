-- The credentials of an ARN: a session's, a user's, or a role's sessions. $id: the ARN.
select credential_id from credentials where arn = $id or session_issuer_arn = $id order by credential_id
