-- The credentials of an actor, such as a workload or a federated user. $id: the ID of the actor.
select credential_id, false as unreliable, false as is_attempt
from actors
where actor_id = $id
order by credential_id
