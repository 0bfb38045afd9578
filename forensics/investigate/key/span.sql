-- The days of the first and last use of credentials; null if they were never used. $ids: credential IDs.
select cast(min(first_use) as date)::varchar as first, cast(max(last_use) as date)::varchar as last
from credentials
where credential_id in (select unnest($ids::varchar[]))
