-- The actors of credentials that changed something. $ids: credential IDs.
select
    credential_id,
    actor_kind,
    actor_id,
    actor_name,
    actor_arn,
    actor_account_id,
    workload_type,
    issuer,
    provider,
    identity_store_arn as actor_identity_store_arn,
    grade
from actors
where credential_id in (select unnest($ids))
