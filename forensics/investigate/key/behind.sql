-- The actors of the credentials that changed a key or its owner. $ids: credential IDs.
select
    credential_id,
    {
        kind: coalesce(actor_kind, 'unknown'),
        id: actor_id,
        name: actor_name,
        arn: actor_arn,
        account_id: actor_account_id,
        workload_type: workload_type,
        issuer: issuer,
        provider: provider,
        identity_store_arn: identity_store_arn
    } as actor,
    grade
from actors
where credential_id in (select unnest($ids))
