-- Long-term keys of the logs that no export lists.
-- Grain: one row per access_key_id.
select distinct access_key_id
from access_keys
where access_key_id not in (select access_key_id from exported_keys)
order by access_key_id
