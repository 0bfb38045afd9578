-- names: the credentials whose actor is known without walking further: from their own record, from the Identity Center
-- user of their session, or from their issuance.
-- Grain: one row per credential. The grade is proven for the credential's own record (medium if rebuilt), strong for a
-- session's Identity Center user, and that of the link for an issuer.

-- the principal that requested the key, or signed in to the session, takes precedence over the workload that uses it
with has_person as (
    select judged_links.child_credential_id as credential_id
    from judged_links
    join issuances on issuances.issuance_id = judged_links.issuance_id
    where judged_links.grade_rank = 1
      and judged_links.is_of_one_issuer
      and issuances.caller_identity_type in (
          'IAMUser', 'Root', 'AssumedRole', 'FederatedUser', 'SAMLUser', 'WebIdentityUser'
      )
    group by judged_links.child_credential_id

    union

    select credential_id
    from on_behalf_of
),

-- a product may drop the flag of an AssumeRoot session; the issuance of its key shows the requester
assumed_roots as (
    select judged_links.child_credential_id as credential_id
    from judged_links
    join issuances on issuances.issuance_id = judged_links.issuance_id
    where judged_links.rule = 'issued_key' and issuances.event_name = 'AssumeRoot'
    group by judged_links.child_credential_id
),

-- the record of a SAML sign-in identifies the provider by a hash; its response has the issuer, as the session's actor
saml_issuers as (
    select caller_principal_id as principal_id, min(issuer) as issuer
    from issuances
    where caller_identity_type = 'SAMLUser'
      and not is_unreliable
      and not starts_with(caller_principal_id, concat(issuer, ':'))
    group by caller_principal_id
    having min(issuer) = max(issuer)
),

recorded as (
    select
        credentials.*,
        coalesce(saml_issuers.issuer, credentials.identity_provider) as saml_issuer,
        -- a function's ARN may end in its version
        case
            when regexp_matches(credentials_issued_to, '^arn:[^:]*:lambda:[^:]*:[^:]*:function:')
                then regexp_extract(credentials_issued_to, ':function:([^:]+)', 1)
            else regexp_extract(credentials_issued_to, '[^/:]+$', 0)
        end as workload_name,
        regexp_extract(credentials_issued_to, '^arn:[^:]*:([^:]*):', 1) as workload_service,
        has_person.credential_id is null as may_be_workload,
        credentials.assumed_root or assumed_roots.credential_id is not null as is_assumed_root
    from credentials
    left join assumed_roots on assumed_roots.credential_id = credentials.credential_id
    left join has_person on has_person.credential_id = credentials.credential_id
    left join saml_issuers on saml_issuers.principal_id = credentials.principal_id
),

by_record as (
    select
        credential_id,
        case
            when delegate_account_id is not null then 'delegate'
            when identity_type = 'AssumedRole' and credentials_issued_to is not null and may_be_workload then 'workload'
            when identity_type = 'FederatedUser' and session_issuer_type = 'Root' then 'root'
            when identity_type in ('IAMUser', 'FederatedUser') then 'iam_user'
            when identity_type = 'Root' then 'root'
            when identity_type = 'SAMLUser' then 'saml_user'
            when identity_type = 'WebIdentityUser' then 'web_identity_user'
            when identity_type = 'IdentityCenterUser' and principal_id is not null then 'identity_center_user'
            when identity_type in ('Directory', 'Unknown') and principal_id = on_behalf_of_user_id
                then 'identity_center_user'
            -- an unauthenticated call to a user pool of Cognito
            when identity_type = 'Unknown' and principal_id = 'Anonymous' and user_name is null then 'anonymous'
            when identity_type in ('Directory', 'Unknown') and principal_id is not null then 'named_user'
            when account_id in ('anonymous', 'ANONYMOUS_PRINCIPAL') then 'anonymous'
            when principal_id = 'ANONYMOUS_PRINCIPAL' then 'anonymous'
            when identity_type = 'AWSAccount' then 'external_principal'
            when identity_type = 'AWSService' then 'aws_service'
            when identity_type is null and principal_id = invoked_by then 'aws_service'
        end as actor_kind,
        case
            when delegate_account_id is not null then delegate_account_id
            when identity_type = 'AssumedRole' then workload_name
            when identity_type = 'FederatedUser' then session_issuer_principal_id
            when identity_type = 'Root' then account_id
            when identity_type in ('SAMLUser', 'WebIdentityUser') then user_name
            when account_id in ('anonymous', 'ANONYMOUS_PRINCIPAL') or principal_id = 'ANONYMOUS_PRINCIPAL' then null
            when identity_type = 'Unknown' and principal_id = 'Anonymous' and user_name is null then null
            else principal_id
        end as actor_id,
        case
            when delegate_account_id is not null then null
            when identity_type = 'AssumedRole' then workload_name
            when identity_type = 'FederatedUser' and session_issuer_type = 'IAMUser'
                then regexp_extract(session_issuer_arn, '[^/]+$', 0)
            when identity_type in (
                'IAMUser', 'SAMLUser', 'WebIdentityUser', 'Directory', 'Unknown', 'IdentityCenterUser'
            )
                then user_name
        end as actor_name,
        case
            when delegate_account_id is not null then null
            when identity_type = 'AssumedRole' then credentials_issued_to
            when identity_type = 'FederatedUser' then session_issuer_arn
            when identity_type in ('IAMUser', 'Root') then arn
        end as actor_arn,
        case
            when delegate_account_id is not null then delegate_account_id
            when account_id not in ('anonymous', 'ANONYMOUS_PRINCIPAL') then account_id
        end as actor_account_id,
        case
            when delegate_account_id is not null or identity_type <> 'AssumedRole' then null
            when workload_service = 'ec2' and credentials_issued_to like '%:instance/%' then 'ec2_instance'
            when workload_service = 'lambda' and credentials_issued_to like '%:function:%' then 'lambda_function'
            when workload_service = 'ecs' and credentials_issued_to like '%:task/%' then 'ecs_task'
            when workload_service = 'codebuild' and credentials_issued_to like '%:build/%' then 'codebuild_build'
            when workload_service = 'ssm' and credentials_issued_to like '%:managed-instance/%' then 'ssm_managed_node'
            else workload_service
        end as workload_type,
        case when identity_type = 'WebIdentityUser' then identity_provider end as provider,
        case when identity_type = 'SAMLUser' then saml_issuer end as issuer,
        case
            when identity_type in ('IdentityCenterUser', 'Directory', 'Unknown') then identity_store_arn
        end as identity_store_arn,
        identity_type,
        is_rebuilt
    from recorded
    where (
          delegate_account_id is not null
          or (
              identity_types <= 1
              and not (coalesce(identity_type, '') = 'Root' and is_assumed_root)
              and (
                  coalesce(identity_type, '') <> 'FederatedUser'
                  or coalesce(session_issuer_type = 'IAMUser', false) and session_issuer_principal_id is not null
                  or coalesce(session_issuer_type = 'Root' and session_issuer_principal_id = account_id, false)
              )
              -- users of an account without ID and key share one credential
              and not (
                  coalesce(identity_type, '') in ('IAMUser', 'SAMLUser', 'WebIdentityUser')
                  and principal_id is null and access_key_id is null
              )
              -- a masked subject names nobody
              and not (coalesce(identity_type, '') in ('SAMLUser', 'WebIdentityUser') and user_name is null)
          )
      )
      -- an unreliable record never names an actor; a credential that was never used has no record of its own
      and (reliable_events > 0 or events = 0)
)

select
    by_record.credential_id,
    true as is_by_record,
    case
        when by_record.is_rebuilt then 3
        -- the actor is the user or root who requested the session, so a loaded request sets the grade
        when by_record.identity_type = 'FederatedUser' then coalesce(chosen.grade_rank, 1)
        else 1
    end as grade_rank,
    actor_kind,
    actor_id,
    actor_name,
    actor_arn,
    actor_account_id,
    workload_type,
    provider,
    issuer,
    identity_store_arn,
    case actor_kind
        when 'root' then 'root_user'
        when 'saml_user' then 'saml_subject'
        when 'web_identity_user' then 'web_identity_subject'
        when 'identity_center_user' then 'identity_center_user'
        when 'aws_service' then 'aws_service'
        when 'external_principal' then 'external_account'
        when 'anonymous' then 'anonymous'
        when 'delegate' then 'delegated_access'
        when 'workload' then 'workload'
        when 'named_user' then 'named_user'
    end as stop_reason
from by_record
left join chosen on chosen.child_credential_id = by_record.credential_id
where actor_kind is not null

union all

select
    on_behalf_of.credential_id,
    false,
    2,
    'identity_center_user',
    on_behalf_of.on_behalf_of_user_id,
    null,
    null,
    regexp_extract(on_behalf_of.identity_store_arn, '[0-9]{12}', 0),
    null,
    null,
    null,
    on_behalf_of.identity_store_arn,
    'identity_center_user'
from on_behalf_of
left join by_record
  on  by_record.credential_id = on_behalf_of.credential_id
  and by_record.actor_kind is not null
where by_record.credential_id is null

union all

select
    issuers.child_credential_id,
    false,
    chosen.grade_rank,
    issuers.actor_kind,
    issuers.actor_id,
    issuers.actor_name,
    issuers.actor_arn,
    issuers.actor_account_id,
    issuers.workload_type,
    issuers.provider,
    issuers.issuer,
    null,
    issuers.stop_reason
from issuers
join chosen
  on  chosen.child_credential_id = issuers.child_credential_id
  and chosen.issuance_id = issuers.issuance_id
left join by_record
  on  by_record.credential_id = issuers.child_credential_id
  and by_record.actor_kind is not null
left join on_behalf_of on on_behalf_of.credential_id = issuers.child_credential_id
where by_record.credential_id is null
  and on_behalf_of.credential_id is null
