-- The credentials and plantings that certainly derive from some credentials. $ids: the IDs of these.
select distinct derived_id
from derived
where ancestor_id in (select unnest($ids))
  and derived_id not in (select unnest($ids))
  and is_certain
order by derived_id
