-- Whether each user is under AWS's quarantine, by the latest export for the ID or the name. Ordered by time.
select account_id, user_name, user_id, quarantined, as_of::timestamp as as_of, as_of_from, export, source_sha256
from iam_users
where quarantined is not null
qualify row_number() over (partition by account_id, user_id order by iam_users.as_of desc, source_sha256, user_name) = 1
    or row_number() over (
        partition by account_id, lower(user_name) order by iam_users.as_of desc, source_sha256, user_id
    ) = 1
order by iam_users.as_of nulls first, source_sha256 desc, user_name desc, user_id desc
