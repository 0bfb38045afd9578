-- named_keys: access keys in records that neither sign with, issue nor change them, such as GetAccessKeyLastUsed, a
-- presigned URL, or an issuance that cannot be read; and keys in copies that conflict with the event. Callers can write
-- a key ID into many fields.
-- Grain: one row per (access_key_id, event_key). `may_issue`: the event issues a key, and its record does not show one,
-- or a copy shows another one. `is_of_copy`: only a copy in conflict with the event names the key.

with named as (
    select *, unnest(string_split(named_access_key_ids, ' ')) as named_access_key_id, false as is_of_copy
    from telling_events
    where named_access_key_ids is not null

    union all

    select *, unnest(string_split(conflicting_access_key_ids, ' ')), true
    from telling_events
    where conflicting_access_key_ids is not null
),

judged as (
    select
        named_access_key_id as access_key_id,
        event_key,
        event_name,
        event_time,
        recipient_account_id as account_id,
        error_code,
        unreliable or is_of_copy as is_unreliable,
        credential_id as by_credential_id,
        access_key_id as by_access_key_id,
        arn as by_arn,
        flags,
        is_of_copy,
        -- other services have calls of these names, and callers choose their parameters
        (
            event_source = 'sts.amazonaws.com'
            and event_name in (
                'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', 'GetSessionToken',
                'GetFederationToken', 'GetDelegatedAccessToken'
            )
            or event_source = 'cognito-identity.amazonaws.com' and event_name = 'GetCredentialsForIdentity'
            or event_source in ('rolesanywhere.amazonaws.com', 's3express.amazonaws.com')
                and event_name = 'CreateSession'
        )
        and error_code is null
        and (issued_access_key_id is null or is_of_copy) as may_issue,
        row_number() over (
            partition by named_access_key_id, event_key
            order by case when is_of_copy then 2 else 1 end
        ) as place
    from named
    where not is_of_copy
       or named_access_key_id not in (
           coalesce(access_key_id, ''), coalesce(issued_access_key_id, ''),
           coalesce(created_access_key_id, ''), coalesce(target_access_key_id, '')
       )
)

select
    access_key_id,
    event_key,
    event_name,
    event_time,
    account_id,
    error_code,
    error_code is null and not is_unreliable as succeeded,
    by_credential_id,
    by_access_key_id,
    by_arn,
    is_unreliable,
    flags,
    may_issue,
    is_of_copy
from judged
where place = 1
