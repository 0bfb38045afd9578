-- title: Long-term access keys that were made
-- question: Who made which long-term access key for whom, and was it used?
-- techniques: T1098.001
-- columns: created_at, access_key_id, owner_name, created_by, created_by_origin_key, grade, first_use, last_use, events

select
    access_keys.created_at,
    access_keys.access_key_id,
    access_keys.owner_name,
    coalesce(actors.actor_name, actors.actor_id) as created_by,
    actors.origin_access_key_id as created_by_origin_key,
    actors.grade,
    access_keys.first_use,
    access_keys.last_use,
    access_keys.events
from access_keys
left join actors on actors.credential_id = access_keys.created_by_credential_id
where access_keys.created_at is not null
order by access_keys.created_at, access_keys.access_key_id
