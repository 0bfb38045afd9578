-- The edges below credentials and plantings, including those of everything in `derived`, so that few reads are enough.
-- $ids: IDs.
with reached as (
    select unnest($ids) as id
    union
    select derived_id from derived where ancestor_id in (select unnest($ids))
)

select
    descents.parent_id,
    descents.child_id,
    descents.relation,
    descents.event_key,
    descents.parents,
    descents.is_certain
from descents
where descents.parent_id in (select id from reached)
order by descents.child_id, descents.parent_id, descents.relation
