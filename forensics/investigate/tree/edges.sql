-- The edges below credentials and plantings, including those of all credentials derived from them by requests. $ids:
-- IDs. The walk has 64 hops, so one read is enough.
with reached as (
    select unnest($ids) as id
    union
    select credential_id from walk where ancestor_credential_id in (select unnest($ids))
)

select descents.parent_id, descents.child_id, descents.relation, descents.event_key, descents.parents, descents.is_certain
from descents
where descents.parent_id in (select id from reached)
order by descents.child_id, descents.parent_id, descents.relation
