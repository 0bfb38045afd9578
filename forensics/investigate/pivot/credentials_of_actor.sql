-- The credentials behind which an actor is. $kind, $id: the actor; $account: its account, or null for any.
select credential_id
from actors
where actor_kind = $kind and actor_id = $id and ($account::varchar is null or actor_account_id = $account)
