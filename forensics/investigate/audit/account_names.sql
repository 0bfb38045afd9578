-- The accounts of the organization, by the latest export that has each.
select account_id, name
from (
    select *, row_number() over (partition by account_id order by as_of desc, source_sha256) as place
    from accounts
)
where place = 1 and name is not null
order by account_id
