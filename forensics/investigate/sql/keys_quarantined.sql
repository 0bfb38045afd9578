-- The users that were under AWS's quarantine by the latest export that tells.
select account_id, user_name, user_id, as_of::timestamp as as_of, as_of_from, export, source_sha256
from (
    select *, row_number() over (partition by account_id, user_name order by as_of desc, source_sha256) as place
    from iam_users
    where quarantined is not null
)
where place = 1
  and quarantined
