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
    credentials.session_creation_date::timestamp as session_creation_date,
    credentials.role_session_name,
    credentials.source_identity,
    credentials.source_identities,
    credentials.on_behalf_of_user_id,
    credentials.identity_store_arn,
    credentials.mfa_authenticated,
    credentials.first_use::timestamp as first_use,
    credentials.last_use::timestamp as last_use,
    credentials.events,
    credentials.reliable_events,
    credentials.distrusted_events,
    credentials.is_rebuilt,
    actors.actor_kind,
    actors.actor_id,
    actors.actor_name,
    actors.actor_arn,
    actors.actor_account_id,
    actors.workload_type,
    actors.issuer,
    actors.provider,
    actors.identity_store_arn as actor_identity_store_arn,
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
