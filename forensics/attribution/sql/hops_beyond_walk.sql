-- hops_beyond_walk: what derives from a credential by one descent that `walk` does not have: through a planting, by
-- forward access, in the console, or by a request of which it is one of several possible requesters.
-- Grain: one row per (ancestor_id, derived_id), each the ID of a credential or a planting.
-- The passes over `derived_beyond_walk` start with these rows (attribution/order.py).

with hops as (
    select descents.parent_id, descents.child_id, max(descents.is_certain) as is_certain
    from descents
    left join walk
      on  walk.credential_id = descents.child_id
      and walk.ancestor_credential_id = descents.parent_id
    where walk.credential_id is null
    group by descents.parent_id, descents.child_id
),

-- the parent, and the credentials that requested it
from_ancestors as (
    select parent_id as ancestor_id, child_id, 1 as depth, is_certain
    from hops

    union all

    select walk.ancestor_credential_id, hops.child_id, walk.depth + 1, hops.is_certain
    from hops
    join walk on walk.credential_id = hops.parent_id
),

-- the child, and the credentials that were requested with it
pairs as (
    select ancestor_id, child_id as derived_id, depth, is_certain
    from from_ancestors

    union all

    select from_ancestors.ancestor_id, walk.credential_id, from_ancestors.depth + walk.depth, from_ancestors.is_certain
    from from_ancestors
    join walk on walk.ancestor_credential_id = from_ancestors.child_id
)

select ancestor_id, derived_id, min(depth) as depth, max(is_certain) as is_certain
from pairs
group by ancestor_id, derived_id
