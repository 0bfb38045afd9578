-- The long-term keys that were created with a key, or with credentials derived from it. $ids: the key's
-- credentials; $events: the events that created the keys to count, or null for all.
with below as (
    select unnest($ids) as credential_id, true as is_certain
    union all
    select derived_id, is_certain from derived where ancestor_id in (select unnest($ids))
),

makers as (
    select credential_id, max(is_certain) as is_certain
    from below
    group by credential_id
)

select
    access_keys.access_key_id,
    access_keys.account_id,
    access_keys.owner_name,
    access_keys.status,
    access_keys.created_at::timestamp as created_at,
    access_keys.first_use::timestamp as first_use,
    access_keys.last_use::timestamp as last_use,
    credentials.access_key_id as by_access_key_id,
    evidence.event_id,
    makers.is_certain as certain
from access_keys
join makers on makers.credential_id = access_keys.created_by_credential_id
left join credentials on credentials.credential_id = makers.credential_id
left join evidence on evidence.event_key = access_keys.created_by_event_key
where $events::varchar[] is null
   or access_keys.created_by_event_key in (select unnest($events::varchar[]))
order by access_keys.access_key_id, access_keys.account_id, makers.credential_id
