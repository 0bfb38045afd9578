-- The days on which credentials were used, and the time of their issuance. $ids: credential IDs.
with asked as materialized (
    select * from credentials where credential_id in (select unnest($ids::varchar[]))
)

select account_id, first_use::timestamp as start, last_use::timestamp as end
from credential_days
where credential_id in (select unnest($ids::varchar[]))

union

select account_id, session_creation_date::timestamp, session_creation_date::timestamp
from asked
where session_creation_date is not null
order by 1, 2, 3
