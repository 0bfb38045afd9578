-- The credentials of an actor, such as a workload or a federated user. $id: the ID, qualified or not, or the ARN.
select credential_id, false as unreliable, false as is_attempt
from actors
where $id in (actor_id, qualified_actor_id, actor_arn)
order by credential_id
