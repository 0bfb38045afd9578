-- issuers: who requested a credential, if not with a credential of the case: a service, an identity outside AWS,
-- another account's principal, or the user that switched roles.
-- Grain: one row per link that has no parent credential and names somebody.

with workload_services as (
    -- services that request a credential for one workload, with the workload's type
    select 'ec2.amazonaws.com' as service, 'ec2_instance' as workload_type, 'i-' as prefix
    union all select 'lambda.amazonaws.com', 'lambda_function', ''
    union all select 'ecs-tasks.amazonaws.com', 'ecs_task', ''
    union all select 'codebuild.amazonaws.com', 'codebuild_build', 'AWSCodeBuild-'
    union all select 'pods.eks.amazonaws.com', 'eks_pod', ''
    union all select 'ssm.amazonaws.com', 'ssm_managed_node', 'mi-'
    union all select 'credentials.iot.amazonaws.com', 'iot_thing', ''
),

without_parent as (
    select
        judged_links.child_credential_id,
        issuances.*,
        coalesce(judged_links.switch_issuance_id, judged_links.issuance_id) as naming_event_key,
        coalesce(switches.switch_from_arn, issuances.switch_from_arn) as from_arn,
        case
            when issuances.event_source = 'rolesanywhere.amazonaws.com' then 'roles_anywhere_certificate'
            else workload_services.workload_type
        end as workload_type,
        case
            when issuances.caller_identity_type = 'SAMLUser' then 'saml_user'
            when issuances.caller_identity_type = 'WebIdentityUser' then 'web_identity_user'
            when issuances.event_name = 'GetCredentialsForIdentity' then 'web_identity_user'
            when issuances.event_source = 'rolesanywhere.amazonaws.com' then 'workload'
            when workload_services.service is not null then 'workload'
            when issuances.caller_identity_type = 'AWSService' then 'aws_service'
            when coalesce(switches.switch_from_arn, issuances.switch_from_arn) like 'arn:%:iam::%:user/%'
                then 'iam_user'
            when issuances.is_redacted then 'external_principal'
        end as actor_kind
    from judged_links
    join issuances on issuances.issuance_id = judged_links.issuance_id
    left join workload_services
      on  workload_services.service = issuances.caller_principal_id
      and issuances.caller_identity_type = 'AWSService'
      and (
          issuances.requested_session_name like workload_services.prefix || '%'
          or workload_services.service = 'pods.eks.amazonaws.com'
      )
    left join issuances switches on switches.issuance_id = judged_links.switch_issuance_id
    where judged_links.parent_credential_id is null
      and not issuances.is_unreliable
)

select
    without_parent.child_credential_id,
    without_parent.issuance_id,
    without_parent.actor_kind,
    case without_parent.actor_kind
        when 'saml_user' then without_parent.subject
        when 'web_identity_user' then without_parent.subject
        when 'workload' then replace(without_parent.workload_name, 'AWSCodeBuild-', '')
        when 'iam_user' then coalesce(
            case when without_parent.is_redacted then without_parent.caller_principal_id end,
            named_users.principal_id
        )
        else without_parent.caller_principal_id
    end as actor_id,
    case without_parent.actor_kind
        when 'saml_user' then without_parent.subject
        when 'web_identity_user' then without_parent.subject
        when 'workload' then replace(without_parent.workload_name, 'AWSCodeBuild-', '')
        when 'iam_user' then coalesce(named_users.user_name, regexp_extract(without_parent.from_arn, '[^/]+$', 0))
    end as actor_name,
    case without_parent.actor_kind when 'iam_user' then without_parent.from_arn end as actor_arn,
    case
        when without_parent.is_redacted then without_parent.caller_account_id
        when without_parent.actor_kind = 'iam_user' then regexp_extract(without_parent.from_arn, '[0-9]{12}', 0)
        else without_parent.issued_account_id
    end as actor_account_id,
    without_parent.workload_type,
    case without_parent.actor_kind when 'web_identity_user' then without_parent.issuer end as provider,
    case without_parent.actor_kind when 'saml_user' then without_parent.issuer end as issuer,
    case without_parent.actor_kind
        when 'saml_user' then 'saml_subject'
        when 'web_identity_user' then 'web_identity_subject'
        when 'workload' then 'workload'
        when 'aws_service' then 'aws_service'
        when 'iam_user' then 'console_sign_in'
        when 'external_principal' then 'external_account'
    end as stop_reason
from without_parent
left join named_users on named_users.event_key = without_parent.naming_event_key and named_users.is_certain
where without_parent.actor_kind is not null
  -- a masked subject names nobody
  and (without_parent.actor_kind not in ('saml_user', 'web_identity_user') or without_parent.subject is not null)
