-- The owners and creators of long-term keys. $keys: access key IDs.
with owned as materialized (
    select * from access_keys where access_key_id in (select unnest($keys))
),

creators as materialized (
    select * from actors where credential_id in (select created_by_credential_id from owned)
),

cited as materialized (
    select * from evidence where event_key in (select created_by_event_key from owned)
)

select
    access_keys.access_key_id,
    access_keys.account_id,
    access_keys.owner_kind,
    access_keys.owner_principal_id,
    access_keys.owner_name,
    access_keys.owner_arn,
    access_keys.created_by_event_key,
    evidence.event_id as created_by_event_id,
    {
        kind: coalesce(actors.actor_kind, 'unknown'),
        id: actors.actor_id,
        name: actors.actor_name,
        arn: actors.actor_arn,
        account_id: actors.actor_account_id,
        workload_type: actors.workload_type,
        issuer: actors.issuer,
        provider: actors.provider,
        identity_store_arn: actors.identity_store_arn
    } as actor
from owned as access_keys
left join creators as actors on actors.credential_id = access_keys.created_by_credential_id
left join cited as evidence on evidence.event_key = access_keys.created_by_event_key
order by access_keys.access_key_id, access_keys.account_id
