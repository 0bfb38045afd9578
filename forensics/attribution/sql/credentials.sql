-- credentials: everything that signed an event, and every credential that was handed out or made and never seen in use.
-- Grain: one row per credential_id, a pure function of one record: account, access key ID, principal ID, creation date.
-- What the events of a credential say of it is taken from reliable ones; an unreliable event only counts as a use.
-- A sign-in names a user without key and date, as the copies do that another account gets: both are one credential, and
-- the type is that of the fuller record.

with uses as (
    select
        credential_id,
        min(account_id) as account_id,
        min(access_key_id) as access_key_id,
        min(principal_id) as principal_id,
        min(session_creation_date) as session_creation_date,
        coalesce(
            min(case when not unreliable and identity_type <> 'AWSAccount' then identity_type end),
            min(case when not unreliable then identity_type end)
        ) as identity_type,
        count(distinct case when not unreliable and coalesce(identity_type, '') <> 'AWSAccount' then coalesce(identity_type, '') end)
            as identity_types,
        min(case when not unreliable then arn end) as arn,
        min(case when not unreliable then user_name end) as user_name,
        min(case when not unreliable then identity_provider end) as identity_provider,
        min(case when not unreliable then session_issuer_type end) as session_issuer_type,
        -- two people's sessions without a key may share one ID: what their records disagree in, none of them says
        case
            when min(case when not unreliable then session_issuer_arn end) = max(case when not unreliable then session_issuer_arn end)
                then min(case when not unreliable then session_issuer_arn end)
        end as session_issuer_arn,
        case
            when min(case when not unreliable then session_issuer_principal_id end)
                = max(case when not unreliable then session_issuer_principal_id end)
                then min(case when not unreliable then session_issuer_principal_id end)
        end as session_issuer_principal_id,
        min(role_session_name) as role_session_name,
        max(case when not unreliable then mfa_authenticated end) as mfa_authenticated,
        min(case when not unreliable then source_identity end) as source_identity,
        count(distinct case when not unreliable then source_identity end) as source_identities,
        coalesce(max(case when not unreliable then assumed_root end), false) as assumed_root,
        min(case when not unreliable then on_behalf_of_user_id end) as on_behalf_of_user_id,
        count(distinct case when not unreliable then on_behalf_of_user_id end) as on_behalf_of_users,
        min(case when not unreliable then identity_store_arn end) as identity_store_arn,
        min(case when not unreliable and on_behalf_of_user_id is not null then event_key end) as on_behalf_of_event_key,
        coalesce(max(case when not unreliable then session_credential_from_console end), false) as from_console,
        min(invoked_by) as invoked_by,
        count(*) - count(invoked_by) as direct_events,
        min(event_time) as first_use,
        max(event_time) as last_use,
        count(*) as events,
        count(case when not unreliable then 1 end) as reliable_events,
        min(case when not unreliable then event_key end) as named_by_event_key
    from events
    where credential_id is not null
    group by credential_id
),

issued as (
    select
        issued_credential_id as credential_id,
        min(issued_account_id) as account_id,
        min(issued_access_key_id) as access_key_id,
        min(issued_principal_id) as principal_id,
        min(event_time) as session_creation_date,
        min(issued_arn) as arn,
        min(case when issued_identity_type = 'AssumedRole' then requested_session_name end) as role_session_name,
        min(case when issued_identity_type = 'AssumedRole' then target_role_arn end) as session_issuer_arn,
        min(issued_identity_type) as identity_type,
        min(requested_source_identity) as source_identity
    from issuances
    where issued_access_key_id is not null and issued_account_id is not null and not is_unreliable
    group by issued_credential_id
),

never_used as (
    select issued.*
    from issued
    left join uses
      on  uses.access_key_id = issued.access_key_id
      and uses.account_id = issued.account_id
    where uses.credential_id is null
),

-- a long-term key that was made
made as (
    select
        recipient_account_id as account_id,
        created_access_key_id as access_key_id,
        min(target_user_name) as user_name,
        min(event_time) as created_at
    from events
    where created_access_key_id is not null
      and target_user_name is not null
      and error_code is null
      and not unreliable
    group by recipient_account_id, created_access_key_id
    having min(target_user_name) = max(target_user_name)
),

-- whom it was made for: the unique ID, where only one that was called so by then is known
users as (
    select
        made.account_id,
        made.access_key_id,
        min(named.principal_id) as principal_id,
        min(named.arn) as arn
    from made
    join (
        select account_id, user_name, principal_id, arn, null as created_at
        from uses
        where identity_type = 'IAMUser' and user_name is not null and principal_id is not null

        union all

        select recipient_account_id, target_user_name, target_principal_id, null, event_time
        from events
        where event_name = 'CreateUser' and target_principal_id is not null and error_code is null and not unreliable
    ) as named
      on  named.account_id = made.account_id
      and named.user_name = made.user_name
    group by made.account_id, made.access_key_id
    having min(named.principal_id) = max(named.principal_id)
       and coalesce(min(named.created_at) <= min(made.created_at), true)
),

made_and_never_used as (
    select
        made.account_id || '|' || made.access_key_id || '|' || coalesce(users.principal_id, '') || '|' as credential_id,
        made.account_id,
        made.access_key_id,
        users.principal_id,
        users.arn,
        made.user_name
    from made
    left join users on users.account_id = made.account_id and users.access_key_id = made.access_key_id
    left join uses on uses.access_key_id = made.access_key_id and uses.account_id = made.account_id
    where uses.credential_id is null
)

select
    credential_id, account_id, access_key_id, principal_id, session_creation_date, identity_type, identity_types, arn,
    user_name, identity_provider, session_issuer_type, session_issuer_arn, session_issuer_principal_id,
    role_session_name, mfa_authenticated, source_identity, source_identities, assumed_root, on_behalf_of_user_id,
    on_behalf_of_users, identity_store_arn, on_behalf_of_event_key, from_console, invoked_by, direct_events, first_use, last_use, events, reliable_events,
    named_by_event_key
from uses

union all

select
    credential_id, account_id, access_key_id, principal_id, session_creation_date, identity_type, 1, arn,
    null, null, null, session_issuer_arn, null,
    role_session_name, null, source_identity, case when source_identity is null then 0 else 1 end,
    identity_type = 'Root', null,
    0, null, null, false, null, 0, null, null, 0, 0,
    null
from never_used

union all

select
    credential_id, account_id, access_key_id, principal_id, null, 'IAMUser', 1, arn,
    user_name, null, null, null, null,
    null, null, null, 0,
    false, null,
    0, null, null, false, null, 0, null, null, 0, 0,
    null
from made_and_never_used
