-- reached: the ancestors that the walk has reached so far. Grain: one row per (credential, ancestor); `grade_rank` is
-- the weakest hop. Starts as `hops`; each pass joins the farthest ancestors with their own, which doubles the reach.

with farthest as (
    select max(depth) as depth
    from reached
)

select credential_id, ancestor_credential_id, depth, grade_rank
from reached

union all

select
    near.credential_id,
    far.ancestor_credential_id,
    near.depth + far.depth as depth,
    greatest(near.grade_rank, far.grade_rank) as grade_rank
from reached near
join farthest on farthest.depth = near.depth
join reached far on far.credential_id = near.ancestor_credential_id
