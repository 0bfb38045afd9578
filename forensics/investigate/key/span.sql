-- The days on which credentials were first and last used. $ids: credential IDs; null if they never were.
select cast(min(first_use) as date)::varchar as first, cast(max(last_use) as date)::varchar as last
from credentials
where credential_id in (select unnest($ids::varchar[]))
