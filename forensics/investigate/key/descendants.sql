-- Credentials derived from a key, directly or indirectly, by role or user. $ids: the key's credentials; $valid: the IDs
-- of the credentials that are known to be valid; $counted: the IDs of the credentials to count, or null for all.
with descendants as materialized (
    select derived_id as credential_id, min(depth) as depth, max(is_certain) as certain
    from derived
    where ancestor_id in (select unnest($ids))
      and derived_id not in (select unnest($ids))
      and ($counted::varchar[] is null or derived_id in (select unnest($counted::varchar[])))
    group by derived_id
),

-- filter each large table before joining
children as materialized (
    select * from credentials where credential_id in (select credential_id from descendants)
),

asked_for as materialized (
    select child_credential_id, issuance_id, is_chosen
    from links
    where child_credential_id in (select credential_id from descendants)
),

requests as materialized (
    select issuance_id, expires_at
    from issuances
    where issuance_id in (select issuance_id from asked_for where is_chosen)
),

long_term_keys as materialized (
    select access_key_id, account_id, created_at
    from access_keys
    where access_key_id in (select access_key_id from children)
),

dated as (
    select
        descendants.credential_id,
        descendants.depth,
        descendants.certain,
        coalesce(credentials.session_issuer_arn, credentials.arn, credentials.principal_id) as arn,
        credentials.account_id,
        coalesce(credentials.session_creation_date, long_term_keys.created_at) as issued_at,
        issuances.expires_at,
        descendants.credential_id in (select unnest($valid::varchar[])) as is_valid,
        credentials.events
    from descendants
    join children as credentials on credentials.credential_id = descendants.credential_id
    left join asked_for on asked_for.child_credential_id = descendants.credential_id and asked_for.is_chosen
    left join requests as issuances on issuances.issuance_id = asked_for.issuance_id
    left join long_term_keys
      on  long_term_keys.access_key_id = credentials.access_key_id
      and long_term_keys.account_id = credentials.account_id
)

select
    arn,
    account_id,
    certain,
    min(depth) as depth,
    count(*) as credentials,
    count(case when depth = 1 then 1 end) as direct,
    count(case when is_valid then 1 end) as unexpired,
    min(issued_at)::timestamp as first_issued,
    max(issued_at)::timestamp as last_issued,
    max(expires_at)::timestamp as last_expires,
    sum(events)::bigint as events
from dated
group by arn, account_id, certain
order by arn, account_id, certain desc
