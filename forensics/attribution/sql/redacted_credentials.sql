-- redacted_credentials: the credentials in redacted copies of calls across accounts whose caller is otherwise known.
-- Grain: one row per credential. The caller's own copy of each call is loaded, or the copies show the unique ID of a
-- user or root that signed other calls; a session name is not unique.

with copied as (
    select redacted_credential_id as credential_id, count(*) as copies
    from twins
    group by redacted_credential_id
),

signers as (
    select account_id, principal_id
    from credentials
    where identity_type in ('IAMUser', 'Root')
    group by account_id, principal_id
)

select credentials.credential_id
from credentials
left join copied on copied.credential_id = credentials.credential_id
left join signers
  on  signers.account_id = credentials.account_id
  and signers.principal_id = credentials.principal_id
where credentials.identity_type = 'AWSAccount'
  and (copied.copies = credentials.events or signers.principal_id is not null)
