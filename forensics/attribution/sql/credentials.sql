-- credentials: every credential that signed an event, and every one that was issued or created and never used.
-- Grain: one row per credential_id, a pure function of one record: account, access key ID, principal ID, creation date;
-- with delegated access also the delegate; without a key also the workload that the record names, and without key and
-- principal the role and session name that were requested.
-- A sign-in names a user without key and date, as do the copies that another account gets: both are one credential,
-- with the identity type of the more complete record. identity_types, source_identities and on_behalf_of_users count
-- the different values: none, 1, or 2 for several.

with on_several_days as (
    select credential_id
    from credential_days
    group by credential_id
    having count(*) > 1
),

merged as (
    -- most credentials are used on one day only; the columns must be in the order of credential_days
    select credential_days.*
    from credential_days
    left join on_several_days on on_several_days.credential_id = credential_days.credential_id
    where on_several_days.credential_id is null

    union all

    select
        credential_days.credential_id,
        min(event_date) as event_date,
        min(account_id) as account_id,
        min(access_key_id) as access_key_id,
        min(principal_id) as principal_id,
        min(session_creation_date) as session_creation_date,
        min(any_identity_type) as any_identity_type,
        min(identity_type) as identity_type,
        min(first_identity_type) as first_identity_type,
        max(last_identity_type) as last_identity_type,
        -- a user may be renamed: take the name of the last day, which is the prefix that is cut off below
        substr(max(coalesce(cast(event_date as varchar), '0000-00-00') || arn), 11) as arn,
        substr(max(coalesce(cast(event_date as varchar), '0000-00-00') || user_name), 11) as user_name,
        max(is_renamed)
            or coalesce(min(first_identity_type) = 'IAMUser' and min(arn) <> max(arn), false)
            or coalesce(min(user_name) <> max(user_name), false) as is_renamed,
        min(identity_provider) as identity_provider,
        min(subject_type) as subject_type,
        min(session_issuer_type) as session_issuer_type,
        min(first_session_issuer_arn) as first_session_issuer_arn,
        max(last_session_issuer_arn) as last_session_issuer_arn,
        min(first_session_issuer_principal_id) as first_session_issuer_principal_id,
        max(last_session_issuer_principal_id) as last_session_issuer_principal_id,
        min(role_session_name) as role_session_name,
        max(mfa_authenticated) as mfa_authenticated,
        min(first_source_identity) as first_source_identity,
        max(last_source_identity) as last_source_identity,
        max(assumed_root) as assumed_root,
        min(first_on_behalf_of_user_id) as first_on_behalf_of_user_id,
        max(last_on_behalf_of_user_id) as last_on_behalf_of_user_id,
        min(identity_store_arn) as identity_store_arn,
        min(sign_in_session_arn) as sign_in_session_arn,
        min(delegate_account_id) as delegate_account_id,
        min(credentials_issued_to) as credentials_issued_to,
        max(last_credentials_issued_to) as last_credentials_issued_to,
        min(on_behalf_of_event_key) as on_behalf_of_event_key,
        max(from_console) as from_console,
        min(invoked_by) as invoked_by,
        min(named_by_event_key) as named_by_event_key,
        substr(max(coalesce(cast(event_date as varchar), '0000-00-00') || last_named_by_event_key), 11)
            as last_named_by_event_key,
        min(first_use) as first_use,
        max(last_use) as last_use,
        max(last_success) as last_success,
        max(last_permitted) as last_permitted,
        sum(events) as events,
        sum(direct_events) as direct_events,
        sum(reliable_events) as reliable_events,
        sum(rebuilt_events) as rebuilt_events,
        sum(distrusted_events) as distrusted_events
    from credential_days
    join on_several_days on on_several_days.credential_id = credential_days.credential_id
    group by credential_days.credential_id
),

-- used sessions whose key no loaded record issued: any request for such a session may have issued it. An unreliable
-- use does not show which session it was.
unexplained as (
    select
        merged.principal_id,
        merged.first_session_issuer_arn as role_arn,
        merged.role_session_name,
        merged.session_creation_date
    from merged
    left join issuances
      on  issuances.issued_access_key_id = merged.access_key_id
      and not issuances.is_unreliable
    where merged.session_creation_date is not null
      and merged.reliable_events > 0
      and issuances.issuance_id is null
),

-- sessions that AWS STS issued, by records that show no key: the response is omitted, or its key is masked
issued_without_key as (
    select
        issuances.*,
        issuances.issued_credential_id || case
            when issuances.issued_principal_id is null
                then '|' || issuances.target_role_arn || '/' || issuances.requested_session_name
            else ''
        end as credential_id,
        coalesce(
            issuances.issued_arn,
            'arn:' || regexp_extract(issuances.target_role_arn, '^arn:([^:]*):', 1) || ':sts::'
                || issuances.issued_account_id || ':assumed-role/'
                || regexp_extract(issuances.target_role_arn, '[^/]+$', 0) || '/' || issuances.requested_session_name
        ) as session_arn
    from issuances
    left join unexplained by_id
      on  by_id.principal_id = issuances.issued_principal_id
      and by_id.session_creation_date = issuances.event_time
    left join unexplained by_name
      on  by_name.role_arn = issuances.target_role_arn
      and by_name.role_session_name = issuances.requested_session_name
      and by_name.session_creation_date = issuances.event_time
    where issuances.issued_access_key_id is null
      and issuances.event_source = 'sts.amazonaws.com'
      and issuances.event_time is not null
      and not issuances.is_unreliable
      and by_id.session_creation_date is null
      and by_name.session_creation_date is null
),

all_issued as (
    select issuances.*, issuances.issued_credential_id as credential_id, issuances.issued_arn as session_arn
    from issuances
    where issued_access_key_id is not null and not is_unreliable

    union all

    select *
    from issued_without_key
),

issued as (
    select
        credential_id,
        min(issued_account_id) as account_id,
        min(issued_access_key_id) as access_key_id,
        min(issued_principal_id) as principal_id,
        min(event_time) as session_creation_date,
        min(session_arn) as arn,
        min(
            case issued_identity_type
                when 'AssumedRole' then requested_session_name
                when 'FederatedUser' then regexp_extract(issued_principal_id, '[^:]*$', 0)
            end
        ) as role_session_name,
        min(
            case issued_identity_type when 'AssumedRole' then target_role_arn when 'FederatedUser' then caller_arn end
        ) as session_issuer_arn,
        min(issued_identity_type) as identity_type,
        min(requested_source_identity) as source_identity,
        max(event_name = 'AssumeRoot') as assumed_root,
        max(is_rebuilt) as is_rebuilt
    from all_issued
    group by credential_id
),

-- the changes that name the owner of a long-term key: its creation, otherwise the last ones
key_changes as (
    select
        *,
        coalesce(created_access_key_id, target_access_key_id) as changed_access_key_id,
        rank() over (
            partition by recipient_account_id, coalesce(created_access_key_id, target_access_key_id)
            order by
                case when created_access_key_id is not null then 1 else 2 end,
                case when created_access_key_id is null then event_time end desc nulls last
        ) as place
    from telling_events
    where coalesce(created_access_key_id, target_access_key_id) is not null
      and event_source = 'iam.amazonaws.com'
      and error_code is null
      and not unreliable
      -- root's own key; root may also change the key of a user whose name is masked
      and (target_user_name is not null or target_principal_id = recipient_account_id)
),

made as (
    select
        recipient_account_id as account_id,
        changed_access_key_id as access_key_id,
        case when min(key_changes.target_user_name) is null then 'Root' else 'IAMUser' end as identity_type,
        min(key_changes.target_user_name) as user_name,
        -- null unless every record names the same user with certainty
        case
            when min(key_changes.target_user_name) is null then recipient_account_id
            when count(named_users.principal_id) = count(*)
                and min(named_users.principal_id) = max(named_users.principal_id)
                then min(named_users.principal_id)
        end as principal_id,
        case
            when min(key_changes.target_user_name) is null then min(key_changes.arn)
            when count(named_users.principal_id) = count(*)
                and min(named_users.principal_id) = max(named_users.principal_id)
                then min(named_users.arn)
        end as arn,
        max(key_changes.is_rebuilt or coalesce(named_users.is_rebuilt, false)) as is_rebuilt
    from key_changes
    left join named_users on named_users.event_key = key_changes.event_key and named_users.is_certain
    where place = 1
    group by recipient_account_id, changed_access_key_id
    having coalesce(min(key_changes.target_user_name), '') = coalesce(max(key_changes.target_user_name), '')
       and count(key_changes.target_user_name) in (0, count(*))
),

handed_over as (
    select
        credential_id,
        account_id,
        access_key_id,
        principal_id,
        session_creation_date,
        identity_type,
        arn,
        null as user_name,
        session_issuer_arn,
        role_session_name,
        source_identity,
        assumed_root,
        is_rebuilt
    from issued

    union all

    select
        made.account_id || '|' || made.access_key_id || '|' || coalesce(made.principal_id, '') || '|',
        made.account_id,
        made.access_key_id,
        made.principal_id,
        null,
        made.identity_type,
        made.arn,
        made.user_name,
        null,
        null,
        null,
        false,
        made.is_rebuilt
    from made
),

never_used as (
    select handed_over.*, coalesce(left(handed_over.access_key_id, 4) in ('AKIA', 'ACCA'), false) as is_long_term
    from handed_over
    left join merged
      on  merged.access_key_id = handed_over.access_key_id
      and coalesce(merged.account_id = handed_over.account_id, true)
    where merged.credential_id is null
)

select
    credential_id,
    account_id,
    access_key_id,
    left(access_key_id, 4) in ('AKIA', 'ACCA') as is_long_term,
    principal_id,
    session_creation_date,
    coalesce(identity_type, any_identity_type) as identity_type,
    case when first_identity_type is null then 0 when first_identity_type = last_identity_type then 1 else 2 end
        as identity_types,
    arn,
    -- if a user was renamed on that day, the name in the ARN
    case
        when identity_type = 'IAMUser' and arn like '%:user/%' and right(arn, length(user_name) + 1) <> '/' || user_name
            then regexp_extract(arn, '[^/]+$', 0)
        -- any other credential with two names belongs to two people
        when identity_type = 'IAMUser' or not is_renamed then user_name
    end as user_name,
    identity_provider,
    subject_type,
    session_issuer_type,
    -- sessions of two people without a key can share an ID: fields in which they differ are null
    case
        when first_session_issuer_arn = last_session_issuer_arn then first_session_issuer_arn
    end as session_issuer_arn,
    case
        when first_session_issuer_principal_id = last_session_issuer_principal_id then first_session_issuer_principal_id
    end as session_issuer_principal_id,
    role_session_name,
    mfa_authenticated,
    first_source_identity as source_identity,
    case when first_source_identity is null then 0 when first_source_identity = last_source_identity then 1 else 2 end
        as source_identities,
    coalesce(assumed_root, false) as assumed_root,
    first_on_behalf_of_user_id as on_behalf_of_user_id,
    case
        when first_on_behalf_of_user_id is null then 0
        when first_on_behalf_of_user_id = last_on_behalf_of_user_id then 1
        else 2
    end as on_behalf_of_users,
    identity_store_arn,
    sign_in_session_arn,
    delegate_account_id,
    case when credentials_issued_to = last_credentials_issued_to then credentials_issued_to end
        as credentials_issued_to,
    on_behalf_of_event_key,
    coalesce(from_console, false) as from_console,
    invoked_by,
    cast(direct_events as bigint) as direct_events,
    first_use,
    last_use,
    last_success,
    last_permitted,
    cast(events as bigint) as events,
    cast(reliable_events as bigint) as reliable_events,
    cast(distrusted_events as bigint) as distrusted_events,
    -- known only from rebuilt records
    reliable_events > 0 and rebuilt_events = reliable_events as is_rebuilt,
    case
        when is_renamed and last_named_by_event_key is not null then last_named_by_event_key else named_by_event_key
    end as named_by_event_key
from merged

union all

select
    credential_id,
    account_id,
    access_key_id,
    is_long_term,
    principal_id,
    session_creation_date,
    identity_type,
    1 as identity_types,
    arn,
    user_name,
    null as identity_provider,
    null as subject_type,
    null as session_issuer_type,
    session_issuer_arn,
    null as session_issuer_principal_id,
    role_session_name,
    null as mfa_authenticated,
    source_identity,
    case when source_identity is null then 0 else 1 end as source_identities,
    assumed_root,
    null as on_behalf_of_user_id,
    0 as on_behalf_of_users,
    null as identity_store_arn,
    null as sign_in_session_arn,
    null as delegate_account_id,
    null as credentials_issued_to,
    null as on_behalf_of_event_key,
    false as from_console,
    null as invoked_by,
    0 as direct_events,
    null as first_use,
    null as last_use,
    null as last_success,
    null as last_permitted,
    0 as events,
    0 as reliable_events,
    0 as distrusted_events,
    is_rebuilt,
    null as named_by_event_key
from never_used
