-- Unreliable issuances of credentials, and why. $ids: credential IDs. A credential whose own records are unreliable has
-- no links; its issuance is the one that issued its key.
with asked as materialized (
    select * from credentials where credential_id in (select unnest($ids))
)

select child_credential_id as credential_id, issuance_id, distrust as reason
from links
where child_credential_id in (select unnest($ids))
  and distrust is not null

union

select asked.credential_id, issuances.issuance_id, issuances.listing
from asked
join issuances
  on  issuances.issued_access_key_id = asked.access_key_id
  and issuances.issued_account_id = asked.account_id
where issuances.listing in ('unlisted', 'contested')
order by 1, 2
