-- planted_hops: what derives from a credential through one planting: an access key, user, password or trust policy.
-- Grain: one row per (ancestor_id, derived_id), each the ID of a credential or a planting.
-- The passes over `derived_by_planting` start with these rows (attribution/order.py).

with planted as (
    select descents.parent_id, descents.child_id, descents.is_certain
    from descents
    left join (select distinct planting_id from plantings) as by_planting
      on by_planting.planting_id = descents.parent_id
    where by_planting.planting_id is not null
       or descents.relation in (
           'created_access_key', 'reset_service_credential', 'created_user', 'created_login_profile',
           'changed_trust_policy'
       )
),

-- the credential that planted it, and the credentials that requested that one
planters as (
    select parent_id as ancestor_id, child_id, 1 as depth, is_certain
    from planted

    union all

    select walk.ancestor_credential_id, planted.child_id, walk.depth + 1, planted.is_certain
    from planted
    join walk on walk.credential_id = planted.parent_id
),

-- the planting, and the credentials that were requested with it
pairs as (
    select ancestor_id, child_id as derived_id, depth, is_certain
    from planters

    union all

    select planters.ancestor_id, walk.credential_id, planters.depth + walk.depth, planters.is_certain
    from planters
    join walk on walk.ancestor_credential_id = planters.child_id
)

select ancestor_id, derived_id, min(depth) as depth, max(is_certain) as is_certain
from pairs
group by ancestor_id, derived_id
