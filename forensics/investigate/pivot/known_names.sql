-- The names that an IAM user had, the earliest first. Grain: one row per name. $account, $id: the user.
select
    min(user_name) as name,
    max(arn) as arn,
    min(seen_from)::timestamp as first_seen,
    max(seen_until)::timestamp as last_seen
from user_names
where account_id = $account and principal_id = $id
group by name
order by first_seen, name
