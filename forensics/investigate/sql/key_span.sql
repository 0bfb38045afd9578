-- The days on which a key was first and last used. $key: the key; null if it never was.
select cast(min(first_use) as date)::varchar as first, cast(max(last_use) as date)::varchar as last
from credentials
where access_key_id = $key
