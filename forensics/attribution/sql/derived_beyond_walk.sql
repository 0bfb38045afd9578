-- derived_beyond_walk: what derives from a credential by one or more descents that `walk` does not have.
-- Grain: one row per (ancestor_id, derived_id). Starts as `hops_beyond_walk`; each pass joins it with itself, which
-- doubles its reach.

with pairs as (
    select ancestor_id, derived_id, depth, is_certain
    from derived_beyond_walk

    union all

    select near.ancestor_id, far.derived_id, near.depth + far.depth, near.is_certain and far.is_certain
    from derived_beyond_walk near
    join derived_beyond_walk far on far.ancestor_id = near.derived_id
)

select ancestor_id, derived_id, min(depth) as depth, max(is_certain) as is_certain
from pairs
where ancestor_id <> derived_id
group by ancestor_id, derived_id
