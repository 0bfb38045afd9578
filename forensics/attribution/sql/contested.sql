-- contested: credentials whose parents look like one issuer and lead to different people.
-- Grain: one row per credential. Two people can hold sessions of one role, name and second, and request the next
-- session in one second, too. The table starts empty; each walk adds rows until it finds nothing new
-- (attribution/order.py).

with askers as (
    select distinct judged_links.child_credential_id, judged_links.parent_credential_id
    from judged_links
    left join contested on contested.credential_id = judged_links.child_credential_id
    where judged_links.is_of_one_issuer
      and judged_links.parent_credential_id is not null
      and contested.credential_id is null
),

with_several as (
    select child_credential_id
    from askers
    group by child_credential_id
    having count(*) > 1
),

parents as (
    select distinct askers.parent_credential_id as credential_id
    from askers
    join with_several on with_several.child_credential_id = askers.child_credential_id
),

named_ancestors as (
    select parents.credential_id, names.credential_id as ancestor_credential_id, 0 as depth
    from parents
    join names on names.credential_id = parents.credential_id

    union all

    select parents.credential_id, reached.ancestor_credential_id, reached.depth
    from parents
    join reached on reached.credential_id = parents.credential_id
    join names on names.credential_id = reached.ancestor_credential_id
),

nearest as (
    select credential_id, min(depth) as depth
    from named_ancestors
    group by credential_id
),

people as (
    select
        parents.credential_id,
        coalesce(names.actor_kind, 'unknown') as actor_kind,
        coalesce(names.actor_id, '') as actor_id,
        coalesce(names.actor_account_id, '') as actor_account_id
    from parents
    left join nearest on nearest.credential_id = parents.credential_id
    left join named_ancestors
      on  named_ancestors.credential_id = parents.credential_id
      and named_ancestors.depth = nearest.depth
    left join names on names.credential_id = named_ancestors.ancestor_credential_id
)

select askers.child_credential_id as credential_id
from askers
join people on people.credential_id = askers.parent_credential_id
group by askers.child_credential_id
having min(people.actor_kind) <> max(people.actor_kind)
    or min(people.actor_id) <> max(people.actor_id)
    or min(people.actor_account_id) <> max(people.actor_account_id)

union all

select credential_id
from contested
