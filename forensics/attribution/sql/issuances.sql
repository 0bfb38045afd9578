-- issuances: every event that issued a credential, with the identity that requested it.
-- Grain: one row per issuance, identified by its event. Both accounts log a cross-account call; the role account's copy
-- has only the caller's ID, and is dropped if the caller's own copy is loaded and agrees. Refused calls issue nothing.

with handed_out as (
    select
        *,
        identity_type = 'AWSAccount' as is_redacted,
        case
            when event_name in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity') then 'AssumedRole'
            when event_name = 'GetFederationToken' then 'FederatedUser'
            when event_name = 'AssumeRoot' then 'Root'
            when event_name in ('GetCredentialsForIdentity', 'GetDelegatedAccessToken') then 'AssumedRole'
            when event_source = 'rolesanywhere.amazonaws.com' then 'AssumedRole'
            when event_name = 'SwitchRole' then 'AssumedRole'
            else identity_type
        end as issued_identity_type,
        coalesce(issued_account_id, '') || '|' || coalesce(issued_access_key_id, '') || '|'
            || coalesce(replace(replace(issued_principal_id, '\', '\\'), '|', '\|'), '') || '|'
            || coalesce(strftime(event_time, '%Y-%m-%d') || 'T' || strftime(event_time, '%H:%M:%S') || 'Z', '')
            as issued_credential_id
    from telling_events
    where (
          coalesce(issued_access_key_id, issued_principal_id, issued_sign_in_session_arn) is not null
          -- without its response, a record still shows which session was requested
          or (event_source = 'sts.amazonaws.com' and target_role_arn is not null and requested_session_name is not null)
      )
      and error_code is null
      and coalesce(issued_access_key_id <> access_key_id, true)
      -- the console session of a role or a federated user continues the credential that signed in
      and (event_name <> 'ConsoleLogin' or identity_type in ('IAMUser', 'Root'))
),

told_by_the_caller as (
    select distinct event_key
    from caller_copies
    where is_same_issuance
)

select
    handed_out.event_key as issuance_id,
    handed_out.event_id,
    handed_out.event_time,
    handed_out.event_name,
    handed_out.aws_region,
    handed_out.recipient_account_id,
    handed_out.request_id,
    handed_out.shared_event_id,
    handed_out.is_redacted,
    -- an unreliable issuance stays a candidate, but is not evidence
    handed_out.unreliable as is_unreliable,
    handed_out.listing,
    handed_out.flags,
    handed_out.is_rebuilt,
    handed_out.credential_id as caller_credential_id,
    handed_out.identity_type as caller_identity_type,
    handed_out.account_id as caller_account_id,
    handed_out.principal_id as caller_principal_id,
    handed_out.arn as caller_arn,
    handed_out.user_name as caller_user_name,
    handed_out.access_key_id as caller_access_key_id,
    handed_out.session_creation_date as caller_session_creation_date,
    handed_out.source_identity as caller_source_identity,
    handed_out.invoked_by as caller_invoked_by,
    handed_out.issued_credential_id,
    handed_out.issued_identity_type,
    handed_out.issued_access_key_id,
    handed_out.issued_principal_id,
    handed_out.issued_arn,
    handed_out.issued_account_id,
    handed_out.expires_at,
    handed_out.target_role_arn,
    handed_out.requested_session_name,
    handed_out.requested_source_identity,
    handed_out.switch_from_arn,
    handed_out.subject,
    handed_out.subject_type,
    handed_out.issuer,
    handed_out.workload_name,
    handed_out.issued_sign_in_session_arn,
    handed_out.event_source,
    handed_out.client_id,
    -- claims and limits of the session
    handed_out.session_tags,
    handed_out.principal_tags,
    handed_out.transitive_tag_keys,
    handed_out.incoming_transitive_tags,
    handed_out.session_policy,
    handed_out.session_policy_arns,
    handed_out.omitted_fields,
    -- a record shape that was not seen in real logs never names an actor
    handed_out.event_name = 'GetDelegatedAccessToken'
        or coalesce(handed_out.invoked_by = 'credentials.iot.amazonaws.com', false) as is_documented_only,
    -- AWS issues further keys for the same session without logging them
    case
        when handed_out.event_name = 'ConsoleLogin' then 'sign_in'
        when handed_out.event_name = 'SwitchRole' then 'switch_role'
        when regexp_matches(
            handed_out.target_role_arn,
            '^arn:[^:]*:iam::[0-9]{12}:role/aws-reserved/sso[.]amazonaws[.]com/(.*/)?AWSReservedSSO_'
        )
            then 'identity_center'
    end as mints_keys
from handed_out
left join told_by_the_caller on told_by_the_caller.event_key = handed_out.event_key
where told_by_the_caller.event_key is null
