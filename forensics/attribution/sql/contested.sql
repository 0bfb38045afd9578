-- contested: credentials whose parents look like one issuer and lead to different people. Grain: one row per
-- credential. Two people can hold sessions of one role, name and second, and ask for the next session in one second,
-- too. Begins empty; each walk to the actors adds what it finds, until it finds nothing new: see attribution/order.py.

select links.child_credential_id as credential_id
from links
join actors on actors.credential_id = links.parent_credential_id
where links.is_of_chosen_issuer
group by links.child_credential_id
having count(distinct links.parent_credential_id) > 1
   and (
       min(actors.actor_kind) <> max(actors.actor_kind)
       or min(coalesce(actors.actor_id, '')) <> max(coalesce(actors.actor_id, ''))
       or min(coalesce(actors.actor_account_id, '')) <> max(coalesce(actors.actor_account_id, ''))
   )

union all

select credential_id
from contested
