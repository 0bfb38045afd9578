-- Credentials with their actors. $ids: credential IDs.
with asked as materialized (
    select * from credentials where credential_id in (select unnest($ids))
),

answered as materialized (
    select * from actors where credential_id in (select unnest($ids))
)

select
    credentials.credential_id,
    credentials.access_key_id,
    credentials.account_id,
    credentials.principal_id,
    credentials.arn,
    credentials.role_session_name,
    credentials.source_identity,
    credentials.source_identities,
    credentials.on_behalf_of_user_id,
    credentials.identity_store_arn,
    credentials.mfa_authenticated,
    credentials.last_use::timestamp as last_use,
    credentials.events,
    credentials.reliable_events,
    credentials.distrusted_events,
    credentials.is_rebuilt,
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
    } as actor,
    actors.grade,
    actors.stop_reason,
    actors.is_ambiguous,
    actors.named_credential_id,
    actors.last_credential_id,
    actors.origin_access_key_id,
    actors.origin_grade
from asked as credentials
join answered as actors on actors.credential_id = credentials.credential_id
order by credentials.session_creation_date, credentials.credential_id
