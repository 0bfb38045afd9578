-- The access keys of the requesters of the subject's credentials, nearest first; without a key, their credential IDs.
-- $ids: credential IDs.
with steps as materialized (
    select credential_id, ancestor_credential_id, depth from walk where credential_id in (select unnest($ids))
),

hops as materialized (
    select credential_id, access_key_id
    from credentials
    where credential_id in (select ancestor_credential_id from steps)
)

select coalesce(nullif(hops.access_key_id, ''), hops.credential_id) as id
from steps
join hops on hops.credential_id = steps.ancestor_credential_id
where steps.ancestor_credential_id not in (select unnest($ids))
group by id
order by min((steps.depth, hops.access_key_id, hops.credential_id))
