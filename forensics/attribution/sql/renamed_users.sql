-- renamed_users: the IAM users that were renamed: the user that had the former name or, if unknown, each user that
-- possibly had it. Grain: one row per (event_key, principal_id).
-- Repeated with `user_names`, which reads the rows of the previous pass (attribution/order.py).

select
    renamings.event_key,
    renamings.account_id,
    renamings.new_user_name,
    user_names.principal_id,
    renamings.event_time,
    max(renamings.is_rebuilt) as is_rebuilt,
    max(named_users.event_key is not null) as is_certain
from renamings
left join named_users on named_users.event_key = renamings.event_key
join user_names
  on  user_names.account_id = renamings.account_id
  and user_names.name = renamings.old_name
  and coalesce(renamings.event_time >= user_names.possible_from, true)
  and coalesce(renamings.event_time <= user_names.possible_until, true)
  and coalesce(user_names.principal_id = named_users.principal_id, true)
where renamings.is_known
group by
    renamings.event_key, renamings.account_id, renamings.new_user_name, user_names.principal_id, renamings.event_time
