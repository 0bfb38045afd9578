-- The number of credentials and plantings that derive from each credential. $ids: credential IDs. Grain: one row per
-- credential with any.
select ancestor_id, count(*)
from derived
where ancestor_id in (select unnest($ids))
group by ancestor_id
order by ancestor_id
