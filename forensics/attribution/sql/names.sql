-- names: the credentials whose actor is known without going further up, by their own record or by their issuance.
-- Grain: one row per credential. A record's own word is proven; an issuer that is no credential has its link's grade.

with by_record as (
    select
        credential_id,
        case
            when identity_type in ('IAMUser', 'FederatedUser') then 'iam_user'
            when identity_type = 'Root' then 'root'
            when identity_type = 'SAMLUser' then 'saml_user'
            when identity_type = 'WebIdentityUser' then 'web_identity_user'
            when identity_type = 'IdentityCenterUser' then 'identity_center_user'
            when account_id in ('anonymous', 'ANONYMOUS_PRINCIPAL') or principal_id = 'ANONYMOUS_PRINCIPAL' then 'anonymous'
            when identity_type = 'AWSAccount' then 'external_principal'
            when identity_type = 'AWSService' or (identity_type is null and invoked_by is not null) then 'aws_service'
        end as actor_kind,
        case
            when identity_type = 'FederatedUser' then session_issuer_principal_id
            when identity_type = 'Root' then account_id
            when identity_type in ('SAMLUser', 'WebIdentityUser') then user_name
            when identity_type = 'IdentityCenterUser' then on_behalf_of_user_id
            when account_id in ('anonymous', 'ANONYMOUS_PRINCIPAL') or principal_id = 'ANONYMOUS_PRINCIPAL' then null
            else principal_id
        end as actor_id,
        case
            when identity_type in ('IAMUser', 'SAMLUser', 'WebIdentityUser') then user_name
        end as actor_name,
        case
            when identity_type = 'FederatedUser' then session_issuer_arn
            when identity_type in ('IAMUser', 'Root') then arn
        end as actor_arn,
        account_id as actor_account_id,
        case when identity_type = 'WebIdentityUser' then identity_provider end as provider,
        case when identity_type = 'SAMLUser' then identity_provider end as issuer,
        case when identity_type = 'IdentityCenterUser' then identity_store_arn end as identity_store_arn
    from credentials
    where identity_types = 1
      and not (identity_type = 'Root' and assumed_root)
      and not (identity_type = 'FederatedUser' and coalesce(session_issuer_type, '') <> 'IAMUser')
),

by_issuance as (
    select
        links.child_credential_id as credential_id,
        links.grade_rank,
        issuances.event_name,
        issuances.issuance_id,
        issuances.requested_session_name,
        issuances.subject,
        issuances.issuer,
        issuances.caller_identity_type,
        issuances.caller_account_id,
        issuances.caller_principal_id,
        issuances.issued_account_id,
        issuances.is_redacted,
        coalesce(switch.switch_from_arn, issuances.switch_from_arn) as switch_from_arn,
        case
            when issuances.caller_identity_type = 'SAMLUser' then 'saml_user'
            when issuances.caller_identity_type = 'WebIdentityUser' then 'web_identity_user'
            when issuances.caller_principal_id in ('ec2.amazonaws.com', 'lambda.amazonaws.com') then 'workload'
            when issuances.caller_identity_type = 'AWSService' then 'aws_service'
            when coalesce(switch.switch_from_arn, issuances.switch_from_arn) like 'arn:%:iam::%:user/%' then 'iam_user'
            when issuances.is_redacted then 'external_principal'
        end as actor_kind
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    left join issuances switch on switch.issuance_id = links.switch_issuance_id
    where links.is_chosen
      and links.parent_credential_id is null
),

-- an IAM user by name: its unique ID, where all records agree on one
users_by_arn as (
    select arn, min(principal_id) as principal_id
    from principals
    where kind = 'iam_user'
    group by arn
    having count(distinct principal_id) = 1
),

told_by_issuance as (
    select
        by_issuance.credential_id,
        by_issuance.grade_rank,
        by_issuance.actor_kind,
        case by_issuance.actor_kind
            when 'saml_user' then by_issuance.subject
            when 'web_identity_user' then by_issuance.subject
            when 'workload' then by_issuance.requested_session_name
            when 'iam_user' then coalesce(case when by_issuance.is_redacted then by_issuance.caller_principal_id end, users_by_arn.principal_id)
            else by_issuance.caller_principal_id
        end as actor_id,
        case by_issuance.actor_kind
            when 'saml_user' then by_issuance.subject
            when 'web_identity_user' then by_issuance.subject
        end as actor_name,
        case by_issuance.actor_kind when 'iam_user' then by_issuance.switch_from_arn end as actor_arn,
        case
            when by_issuance.actor_kind in ('iam_user', 'external_principal') then by_issuance.caller_account_id
            else by_issuance.issued_account_id
        end as actor_account_id,
        case by_issuance.caller_principal_id when 'ec2.amazonaws.com' then 'ec2_instance' when 'lambda.amazonaws.com' then 'lambda_function' end
            as workload_type,
        case by_issuance.actor_kind when 'web_identity_user' then by_issuance.issuer end as provider,
        case by_issuance.actor_kind when 'saml_user' then by_issuance.issuer end as issuer,
        case by_issuance.actor_kind
            when 'saml_user' then 'saml_subject'
            when 'web_identity_user' then 'web_identity_subject'
            when 'workload' then 'workload'
            when 'aws_service' then 'aws_service'
            when 'iam_user' then 'console_sign_in'
            when 'external_principal' then 'external_account'
        end as stop_reason
    from by_issuance
    left join users_by_arn on users_by_arn.arn = by_issuance.switch_from_arn
    where by_issuance.actor_kind is not null
)

select
    by_record.credential_id, true as is_by_record, 1 as grade_rank, by_record.actor_kind, by_record.actor_id, by_record.actor_name,
    by_record.actor_arn, by_record.actor_account_id, null as workload_type, by_record.provider, by_record.issuer,
    by_record.identity_store_arn,
    case by_record.actor_kind
        when 'root' then 'root_user'
        when 'saml_user' then 'saml_subject'
        when 'web_identity_user' then 'web_identity_subject'
        when 'identity_center_user' then 'identity_center_user'
        when 'aws_service' then 'aws_service'
        when 'external_principal' then 'external_account'
        when 'anonymous' then 'anonymous'
    end as stop_reason
from by_record
where by_record.actor_kind is not null

union all

select
    told_by_issuance.credential_id, false, told_by_issuance.grade_rank, told_by_issuance.actor_kind, told_by_issuance.actor_id, told_by_issuance.actor_name,
    told_by_issuance.actor_arn, told_by_issuance.actor_account_id, told_by_issuance.workload_type, told_by_issuance.provider, told_by_issuance.issuer,
    null,
    told_by_issuance.stop_reason
from told_by_issuance
left join by_record
  on  by_record.credential_id = told_by_issuance.credential_id
  and by_record.actor_kind is not null
where by_record.credential_id is null
