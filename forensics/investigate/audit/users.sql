-- The users of each account by the latest export that lists all of them. One row per account and user.
with listed as (
    select account_id, user_name, user_id, as_of, as_of_from, export, source_sha256
    from iam_users
    -- list-users may be limited to some users; only a snapshot shows that it was for all
    where export <> 'iam_users' or as_of_from = 'document'
    union all
    select account_id, user_name, null, as_of, as_of_from, export, source_sha256 from iam_credential_report
),

latest as (
    select
        listed.*,
        dense_rank() over (partition by listed.account_id order by listed.as_of desc, listed.source_sha256) as place
    from listed
    join exports on exports.source_sha256 = listed.source_sha256 and exports.is_whole
    where listed.account_id is not null
)

select account_id, user_name, user_id, as_of::timestamp as as_of, as_of_from, export, source_sha256
from latest
where place = 1
order by account_id, user_name
