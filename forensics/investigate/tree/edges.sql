-- The edges down from some credentials and plantings, and from all credentials that descend from them by requests alone.
-- $ids: IDs. The walk's table, read from its far end, takes 64 hops at once.
with reached as (
    select unnest($ids) as id
    union
    select credential_id from walk where ancestor_credential_id in (select unnest($ids))
)

select descents.parent_id, descents.child_id, descents.relation, descents.event_key, descents.parents, descents.is_certain
from descents
where descents.parent_id in (select id from reached)
order by descents.child_id, descents.parent_id, descents.relation
