-- The credentials of an actor. $kind: its kind; $id: its qualified ID or ARN; $account: its account, or null for any.
-- Redacted copies of calls across accounts show a user only as a principal of its account.
select credential_id
from actors
where actor_kind in ($kind, 'external_principal')
  and $id in (qualified_actor_id, actor_arn)
  and ($account::varchar is null or actor_account_id = $account)
