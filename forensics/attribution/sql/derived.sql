-- derived: everything derived from a credential, directly or through others, as `tree` shows it: by request, through
-- forward access and the console, and from the access keys, users, passwords and trust policies that were planted.
-- Grain: one row per (ancestor_id, derived_id), each the ID of a credential or a planting. `depth` is the smallest
-- number of hops. `is_certain` is false if another credential may be the requester, or if the logs do not decide it.

with pairs as (
    select ancestor_credential_id as ancestor_id, credential_id as derived_id, depth, true as is_certain
    from walk

    union all

    select ancestor_id, derived_id, depth, is_certain
    from derived_beyond_walk
)

select
    pairs.ancestor_id,
    min(credentials.access_key_id) as ancestor_access_key_id,
    pairs.derived_id,
    min(pairs.depth) as depth,
    max(pairs.is_certain) as is_certain
from pairs
left join credentials on credentials.credential_id = pairs.ancestor_id
group by pairs.ancestor_id, pairs.derived_id
