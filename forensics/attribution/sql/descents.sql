-- descents: parent -> child: which credential derived from which, and what was planted with it.
-- Grain: one row per (parent_id, child_id, relation). An ID is a credential's or a planting's. Upwards, doubt means no
-- name. Downwards, doubt includes: a child that may derive from several parents is below each, with `is_certain` false.
-- If all of these parents have one issuer, `parents` is their number: a set that contains them all certainly contains
-- the origin.

with explained as (
    select distinct child_credential_id
    from links
    where is_of_chosen_issuer
),

-- the requester is known only by ARN or ID: all of its credentials of that time
told_by_name as (
    select
        links.child_credential_id as child_id,
        case when issuances.event_name = 'SwitchRole' then 'switched_role' else 'assumed_role' end as relation,
        links.issuance_id as event_key,
        issuances.event_time,
        case when issuances.event_name = 'SwitchRole' then issuances.switch_from_arn end as by_arn,
        case when issuances.is_redacted then issuances.caller_principal_id end as by_principal_id,
        case when issuances.is_redacted then issuances.caller_account_id end as by_account_id
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    left join explained on explained.child_credential_id = links.child_credential_id
    where links.parent_credential_id is null
      and (links.is_of_chosen_issuer or explained.child_credential_id is null)
      and (issuances.event_name = 'SwitchRole' or issuances.is_redacted)
),

-- days on which a session that was still valid could have started: sessions last up to 36 hours
told_days as (
    select *, cast(event_time as date) as began from told_by_name
    union all
    select *, cast(event_time - interval 24 hour as date) from told_by_name
    union all
    select *, cast(event_time - interval 48 hour as date) from told_by_name
),

askers as (
    select
        credentials.credential_id,
        credentials.arn,
        credentials.principal_id,
        credentials.account_id,
        -- the first loaded call may be later than the request
        case
            when credentials.is_long_term then access_keys.created_at
            else coalesce(credentials.session_creation_date, credentials.first_use - interval 36 hour)
        end as can_ask_from,
        credentials.session_creation_date,
        cast(credentials.session_creation_date as date) as began
    from credentials
    left join access_keys
      on  access_keys.access_key_id = credentials.access_key_id
      and access_keys.account_id = credentials.account_id
    where credentials.identity_type <> 'AWSAccount'
      -- a session that was never seen in use may have requested others where no logs are loaded
      and (
          credentials.first_use is not null
          or (credentials.events = 0 and credentials.session_creation_date is not null)
      )
),

named_askers as (
    select told_days.*, askers.credential_id, askers.can_ask_from, askers.session_creation_date
    from told_days
    join askers on askers.arn = told_days.by_arn and askers.began = told_days.began

    union all

    select told_days.*, askers.credential_id, askers.can_ask_from, askers.session_creation_date
    from told_days
    join askers
      on  askers.principal_id = told_days.by_principal_id
      and askers.account_id = told_days.by_account_id
      and askers.began = told_days.began

    union all

    -- long-term keys, and credentials without a date
    select told_by_name.*, null, askers.credential_id, askers.can_ask_from, askers.session_creation_date
    from told_by_name
    join askers on askers.arn = told_by_name.by_arn and askers.began is null

    union all

    select told_by_name.*, null, askers.credential_id, askers.can_ask_from, askers.session_creation_date
    from told_by_name
    join askers
      on  askers.principal_id = told_by_name.by_principal_id
      and askers.account_id = told_by_name.by_account_id
      and askers.began is null
),

requested_by_name as (
    select
        credential_id as parent_id,
        child_id,
        relation,
        false as is_certain,
        event_key
    from named_askers
    where coalesce(can_ask_from <= event_time, true)
      and coalesce(session_creation_date >= event_time - interval 36 hour, true)
),

-- the same for long-term keys: the keys that match by time, otherwise all of the user's
forwarded_of_user as (
    select
        long_term.credential_id as parent_id,
        forward_access.credential_id as child_id,
        'forward_access' as relation,
        false as is_certain,
        forward_access.event_key
    from forward_access
    join credentials forwarded on forwarded.credential_id = forward_access.credential_id
    join credentials long_term
      on  long_term.principal_id = forwarded.principal_id
      and long_term.account_id = forwarded.account_id
      and long_term.access_key_id like 'AKIA%'
      and coalesce(long_term.access_key_id = forward_access.access_key_id, true)
    left join (
        select distinct child_id from session_descents where relation = 'forward_access'
    ) as forwarded_in_session
      on forwarded_in_session.child_id = forward_access.credential_id
    where forwarded_in_session.child_id is null
),

forwarded_of_root as (
    select
        long_term.credential_id as parent_id,
        forwarded.credential_id as child_id,
        'forward_access' as relation,
        false as is_certain,
        forwarded.named_by_event_key as event_key
    from credentials forwarded
    join credentials long_term
      on  long_term.account_id = forwarded.account_id
      and long_term.identity_type = 'Root'
      and long_term.access_key_id like 'AKIA%'
    left join explained on explained.child_credential_id = forwarded.credential_id
    where forwarded.identity_type = 'Root'
      and forwarded.access_key_id like 'ASIA%'
      and forwarded.events > 0
      and forwarded.direct_events = 0
      and not forwarded.assumed_root
      and explained.child_credential_id is null
),

planted_keys as (
    select
        plantings.planting_id,
        plantings.relation,
        -- a credential that was used before its reset has had two holders
        plantings.relation = 'created_access_key' or coalesce(credentials.first_use >= plantings.event_time, true)
            as is_certain,
        plantings.creator_credential_id,
        plantings.event_key,
        credentials.principal_id,
        coalesce(credentials.credential_id, plantings.planting_id) as child_id
    from plantings
    left join credentials
      on  credentials.access_key_id = plantings.access_key_id
      and credentials.account_id = plantings.account_id
    where plantings.kind = 'access_key'
),

planted as (
    select creator_credential_id as parent_id, child_id, relation, is_certain, event_key
    from planted_keys
    where creator_credential_id is not null

    union all

    select creator_credential_id, planting_id, relation, true, event_key
    from plantings
    where kind <> 'access_key' and creator_credential_id is not null
),

-- the keys and passwords of users: of the caller for a used key, otherwise of the holder of the name in the event
possessions as (
    select
        plantings.account_id,
        lower(plantings.name) as user_name,
        plantings.kind,
        plantings.event_key,
        plantings.event_time,
        coalesce(planted_keys.child_id, plantings.planting_id) as child_id,
        coalesce(planted_keys.principal_id, plantings.user_principal_id) as principal_id
    from plantings
    left join planted_keys on planted_keys.planting_id = plantings.planting_id
    where plantings.relation in ('created_access_key', 'created_login_profile')
),

-- of an unknown holder: each user that possibly had the name
owners as (
    select account_id, kind, child_id, event_key, event_time, principal_id, true as is_certain
    from possessions
    where principal_id is not null

    union all

    select
        possessions.account_id,
        possessions.kind,
        possessions.child_id,
        possessions.event_key,
        possessions.event_time,
        user_names.principal_id,
        false
    from possessions
    join user_names
      on  user_names.account_id = possessions.account_id
      and user_names.name = possessions.user_name
      and coalesce(possessions.event_time >= user_names.possible_from, true)
      and coalesce(possessions.event_time <= user_names.possible_until, true)
    where possessions.principal_id is null
),

-- what was planted for a user that was itself planted
given_to_user as (
    select
        users.planting_id as parent_id,
        owners.child_id,
        case owners.kind when 'access_key' then 'created_access_key' else 'created_login_profile' end as relation,
        owners.is_certain,
        owners.event_key
    from plantings users
    join owners
      on  owners.account_id = users.account_id
      and owners.principal_id = users.principal_id
    where users.kind = 'user'
),

signed_in as (
    select
        credentials.credential_id,
        credentials.account_id,
        credentials.principal_id,
        credentials.session_creation_date,
        links.issuance_id
    from credentials
    join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    join issuances on issuances.issuance_id = links.issuance_id and issuances.event_name = 'ConsoleLogin'
    where credentials.identity_type = 'IAMUser'
),

passwords as (
    select
        owners.child_id as parent_id,
        signed_in.credential_id as child_id,
        signed_in.issuance_id as event_key,
        owners.event_time,
        max(case when owners.is_certain then owners.event_time end) over of_session as last_certain,
        max(owners.event_time) over of_session as last_possible
    from signed_in
    join owners
      on  owners.account_id = signed_in.account_id
      and owners.principal_id = signed_in.principal_id
      and owners.event_time <= signed_in.session_creation_date
    where owners.kind = 'login_profile'
    window of_session as (partition by signed_in.credential_id)
),

-- a sign-in used the password that was set last before it
signed_in_by as (
    select distinct
        parent_id,
        child_id,
        'console_session' as relation,
        coalesce(last_certain = last_possible, false) as is_certain,
        event_key
    from passwords
    where coalesce(event_time >= last_certain, true)
),

-- what is certainly below a planted user: its keys, and what signed in with its passwords
below_user as (
    select parent_id, child_id
    from given_to_user
    where is_certain

    union

    select given_to_user.parent_id, signed_in_by.child_id
    from given_to_user
    join signed_in_by on signed_in_by.parent_id = given_to_user.child_id
    where given_to_user.is_certain and signed_in_by.is_certain
),

-- keys and sign-ins of a planted user whose creation is not logged
had_by_user as (
    select
        users.planting_id as parent_id,
        credentials.credential_id as child_id,
        case
            when credentials.is_long_term then 'created_access_key'
            else 'console_session'
        end as relation,
        true as is_certain,
        coalesce(links.issuance_id, users.event_key) as event_key
    from plantings users
    join credentials
      on  credentials.principal_id = users.principal_id
      and credentials.account_id = users.account_id
    left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    left join below_user
      on  below_user.parent_id = users.planting_id
      and below_user.child_id = credentials.credential_id
    where users.kind = 'user'
      and credentials.access_key_id is not null
      and credentials.direct_events > 0
      and links.parent_credential_id is null
      and below_user.child_id is null
),

-- requests for a role, with the requester: a user, a role or an identity provider
role_requests as (
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
        coalesce(issuances.caller_account_id, '') || '|' || coalesce(issuances.caller_invoked_by, '') || '|'
            || coalesce(
                case
                    when issuances.caller_identity_type in ('AssumedRole', 'AWSAccount')
                        then regexp_extract(issuances.caller_principal_id, '^[^:]*', 0)
                    else issuances.caller_principal_id
                end,
                ''
            ) as requester,
        issuances.caller_account_id,
        links.parent_credential_id is null and issuances.caller_identity_type <> 'AWSService' as is_from_outside
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    where links.is_of_chosen_issuer
      and issuances.issued_identity_type = 'AssumedRole'
),

first_requests as (
    select account_id, role_name, requester, min(event_time) as event_time
    from role_requests
    group by account_id, role_name, requester
),

later_policies as (
    select planting_id, event_key, event_time, lead(event_time) over (
        partition by planting_id order by event_time, event_key
    ) as until
    from kept_trust
    where planting_id <> 'role|' || event_key
    group by planting_id, event_key, event_time
),

-- accounts that a planted policy opened the role to
opened_accounts as (
    select distinct planting_id, coalesce(principal_account, '') as account_id
    from kept_trust
    where planting_id = 'role|' || event_key
),

-- a planted trust policy until the next one is set, and from then on for the principals that this one keeps
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

-- sessions of a role that a planted trust policy may have allowed while it was in force. The requester had no session
-- of the role before the planted policy, or the planted policy opened the role to its account again. If the requester's
-- own credentials are loaded, the previous policy may have allowed the session.
allowed_by_trust_policy as (
    select
        policies.planting_id as parent_id,
        role_requests.child_id,
        'assumed_role' as relation,
        role_requests.is_from_outside and policies.is_first and first_requests.event_time >= policies.planted_at
            as is_certain,
        role_requests.issuance_id as event_key
    from trust_policy_periods policies
    join role_requests
      on  role_requests.account_id = policies.account_id
      and role_requests.role_name = policies.name
      and role_requests.event_time >= policies.since
      and coalesce(role_requests.event_time < policies.until, true)
      and coalesce(role_requests.caller_account_id = policies.trusted_account_id, true)
    join first_requests
      on  first_requests.account_id = role_requests.account_id
      and first_requests.role_name = role_requests.role_name
      and first_requests.requester = role_requests.requester
    left join opened_accounts
      on  opened_accounts.planting_id = policies.planting_id
      and opened_accounts.account_id in (role_requests.caller_account_id, '')
    -- a created role had no policy before
    where first_requests.event_time >= policies.planted_at
       or policies.principal_id is not null
       or opened_accounts.planting_id is not null
),

all_descents as (
    select requested.*
    from requested_descents as requested
    -- a further key of a session is below that session, not beside it
    left join (select distinct child_id from session_descents) as of_session on of_session.child_id = requested.child_id
    where of_session.child_id is null

    union all

    select * from requested_by_name
    union all
    select * from session_descents
    union all
    select * from forwarded_of_user
    union all
    select * from forwarded_of_root
    union all
    select * from planted
    union all
    select * from given_to_user
    union all
    select * from signed_in_by
    union all
    select * from had_by_user
    union all
    select * from allowed_by_trust_policy
),

distinct_descents as (
    select parent_id, child_id, relation, max(is_certain) as is_certain, min(event_key) as event_key
    from all_descents
    where parent_id <> child_id
    group by parent_id, child_id, relation
),

-- the number of possible requesters
counted as (
    select child_id, count(distinct parent_id) as parents
    from requested_descents as requested
    group by child_id
)

select
    distinct_descents.parent_id,
    distinct_descents.child_id,
    distinct_descents.relation,
    distinct_descents.event_key,
    counted.parents,
    distinct_descents.is_certain and coalesce(counted.parents, 1) = 1 as is_certain
from distinct_descents
left join counted
  on  counted.child_id = distinct_descents.child_id
  and distinct_descents.relation not in ('forward_access', 'created_access_key', 'reset_service_credential')
  and distinct_descents.is_certain
