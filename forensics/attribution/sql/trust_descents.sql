-- trust_descents: sessions of roles below the planted trust policy that possibly allowed them. The policy was in force,
-- and the requester had no session of the role before it, or it opened the role to the account of the requester again.
-- If the requester's own credentials are loaded, `is_certain` is false: the previous policy may have allowed the
-- session.
-- Grain: one row per (parent_id, child_id, event_key).

-- requests for a role, with the requester: a user, a role or an identity provider. A session with several possible
-- requesters has several rows. The requester of an unreliable request is null.
with role_requests as (
    select
        links.child_credential_id as child_id,
        issuances.issuance_id,
        issuances.event_time,
        issuances.issued_account_id as account_id,
        lower(
            coalesce(
                nullif(regexp_extract(issuances.issued_arn, ':assumed-role/([^/]+)/', 1), ''),
                nullif(regexp_extract(issuances.target_role_arn, '[^/]+$', 0), '')
            )
        ) as role_name,
        case
            when issuances.is_unreliable then null
            -- a switch has no caller but the switched session
            when issuances.event_name = 'SwitchRole' then issuances.switch_from_arn
            else coalesce(issuances.caller_account_id, '') || '|' || coalesce(issuances.caller_invoked_by, '') || '|'
                || coalesce(
                    case
                        when issuances.caller_identity_type in ('AssumedRole', 'AWSAccount')
                            then regexp_extract(issuances.caller_principal_id, '^[^:]*', 0)
                        else issuances.caller_principal_id
                    end,
                    ''
                )
        end as requester,
        case
            when issuances.is_unreliable then null
            when issuances.event_name = 'SwitchRole'
                then nullif(regexp_extract(issuances.switch_from_arn, '[0-9]{12}', 0), '')
            else issuances.caller_account_id
        end as caller_account_id,
        links.is_of_chosen_issuer
            and links.parent_credential_id is null
            and issuances.event_name <> 'SwitchRole'
            and issuances.caller_identity_type <> 'AWSService' as is_from_outside
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    left join explained on explained.child_credential_id = links.child_credential_id
    where (links.is_of_chosen_issuer or explained.child_credential_id is null)
      and issuances.issued_identity_type = 'AssumedRole'
),

first_requests as (
    select account_id, role_name, requester, min(event_time) as event_time
    from role_requests
    where requester is not null
    group by account_id, role_name, requester
),

later_policies as (
    select
        planting_id,
        event_key,
        event_time,
        lead(event_time) over (partition by planting_id order by event_time, event_key) as until
    from kept_trust
    where planting_id <> 'role|' || event_key
    group by planting_id, event_key, event_time
),

-- the accounts that only a planted policy trusts
opened_accounts as (
    select distinct planting_id, coalesce(principal_account, '') as account_id
    from kept_trust
    where planting_id = 'role|' || event_key
),

-- a planted trust policy until the next one is set, and each later policy for the planted principals that it keeps
trust_policy_periods as (
    select
        plantings.planting_id,
        plantings.account_id,
        lower(plantings.name) as name,
        plantings.principal_id,
        plantings.event_time as planted_at,
        plantings.event_time as since,
        min(later_policies.event_time) as until,
        null as trusted_account_id,
        true as is_first
    from plantings
    left join later_policies on later_policies.planting_id = plantings.planting_id
    where plantings.kind = 'role'
    group by plantings.planting_id, plantings.account_id, plantings.name, plantings.principal_id, plantings.event_time

    union all

    select
        plantings.planting_id,
        plantings.account_id,
        lower(plantings.name),
        plantings.principal_id,
        plantings.event_time,
        later_policies.event_time,
        later_policies.until,
        kept_trust.principal_account,
        false
    from plantings
    join kept_trust on kept_trust.planting_id = plantings.planting_id and kept_trust.keeps <> 'nothing'
    join later_policies
      on  later_policies.planting_id = kept_trust.planting_id
      and later_policies.event_key = kept_trust.event_key
    where plantings.kind = 'role'
),

allowed as (
    select
        policies.planting_id as parent_id,
        role_requests.child_id,
        'assumed_role' as relation,
        coalesce(
            role_requests.is_from_outside and policies.is_first and first_requests.event_time >= policies.planted_at,
            false
        ) as is_certain,
        role_requests.issuance_id as event_key
    from trust_policy_periods policies
    join role_requests
      on  role_requests.account_id = policies.account_id
      and role_requests.role_name = policies.name
      and role_requests.event_time >= policies.since
      and coalesce(role_requests.event_time < policies.until, true)
      and coalesce(role_requests.caller_account_id = policies.trusted_account_id, true)
    left join first_requests
      on  first_requests.account_id = role_requests.account_id
      and first_requests.role_name = role_requests.role_name
      and first_requests.requester = role_requests.requester
    left join opened_accounts
      on  opened_accounts.planting_id = policies.planting_id
      and opened_accounts.account_id in (role_requests.caller_account_id, '')
    -- a created role had no policy before
    where coalesce(first_requests.event_time >= policies.planted_at, true)
       or policies.principal_id is not null
       or opened_accounts.planting_id is not null
),

-- sessions of a created role whose request is not loaded
without_request as (
    select
        policies.planting_id as parent_id,
        sessions.credential_id as child_id,
        sessions.named_by_event_key as event_key
    from trust_policy_periods policies
    join credentials sessions
      on  sessions.account_id = policies.account_id
      and regexp_extract(sessions.principal_id, '^[^:]*', 0) = policies.principal_id
      and coalesce(sessions.session_creation_date >= policies.since, true)
      and coalesce(sessions.session_creation_date < policies.until, true)
    left join (select distinct child_credential_id from links) as requested
      on requested.child_credential_id = sessions.credential_id
    where sessions.identity_type = 'AssumedRole'
      and (sessions.access_key_id is not null or sessions.session_creation_date is not null)
      and requested.child_credential_id is null
)

select parent_id, child_id, relation, is_certain, event_key from allowed
union all
select parent_id, child_id, 'assumed_role', false, event_key from without_request
