-- named_keys: access keys in records that neither sign with, issue nor change them, such as GetAccessKeyLastUsed, a
-- presigned URL, or an issuance that cannot be read. Callers can write a key ID into many fields.
-- Grain: one row per (access_key_id, event_key). `may_issue`: the event issues a key that its record does not show.

with named as (
    select
        unnest(string_split(named_access_key_ids, ' ')) as access_key_id,
        event_key,
        event_name,
        event_time,
        recipient_account_id as account_id,
        error_code,
        unreliable,
        credential_id as by_credential_id,
        access_key_id as by_access_key_id,
        arn as by_arn,
        flags,
        event_name in (
            'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', 'GetSessionToken',
            'GetFederationToken', 'GetDelegatedAccessToken', 'GetCredentialsForIdentity', 'CreateSession'
        )
        and error_code is null
        and issued_access_key_id is null as may_issue
    from telling_events
    where named_access_key_ids is not null
)

select
    access_key_id,
    event_key,
    event_name,
    event_time,
    account_id,
    error_code,
    error_code is null and not unreliable as succeeded,
    by_credential_id,
    by_access_key_id,
    by_arn,
    unreliable as is_unreliable,
    flags,
    may_issue
from named
