-- The requesters of the subject's credentials, nearest first. $ids: credential IDs.
with steps as materialized (
    select credential_id, ancestor_credential_id, depth from walk where credential_id in (select unnest($ids))
),

hops as materialized (
    select credential_id, access_key_id
    from credentials
    where credential_id in (select ancestor_credential_id from steps)
)

select distinct hops.access_key_id, steps.depth, hops.credential_id as id
from steps
join hops on hops.credential_id = steps.ancestor_credential_id
where steps.ancestor_credential_id not in (select unnest($ids))
order by steps.depth, hops.access_key_id, id
