-- walk: every ancestor of every credential. Grain: one row per (credential, ancestor); `grade_rank` is the weakest hop.
-- Begins as `hops`; each pass adds what lies behind the farthest ancestors, and so doubles the reach.

select
    near.credential_id,
    far.ancestor_credential_id,
    near.depth + far.depth as depth,
    greatest(near.grade_rank, far.grade_rank) as grade_rank
from walk near
join walk far
  on far.credential_id = near.ancestor_credential_id
where near.depth = $reached
