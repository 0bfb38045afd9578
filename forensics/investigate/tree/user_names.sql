-- The names of some users in records until a time, and the other users that had one of these names.
-- $ids: unique IDs of users; $at: the time, UTC.
with of_users as (
    select distinct account_id, name from user_names where principal_id in (select unnest($ids))
)

select
    user_names.account_id,
    user_names.name,
    user_names.principal_id,
    min(user_names.user_name) as user_name,
    least(max(user_names.seen_until)::timestamp, $at) as seen_until,
    least(max(user_names.seen_at_start_until)::timestamp, $at) as seen_at_start_until
from user_names
join of_users on of_users.account_id = user_names.account_id and of_users.name = user_names.name
where user_names.seen_from::timestamp <= $at
group by user_names.account_id, user_names.name, user_names.principal_id
order by user_names.account_id, user_names.name, user_names.principal_id
