-- planted_descents: each planting below the credential that created it, the keys and passwords of planted users below
-- these users, and the sessions that were opened with planted passwords below the passwords.
-- Grain: one row per (parent_id, child_id, relation, event_key).

with planted_keys as (
    select
        plantings.planting_id,
        plantings.relation,
        -- a credential that was used before its reset had another user before
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

-- the keys that were possibly created in an event that does not show the ID of its key
possible_keys as (
    select
        plantings.planting_id as parent_id,
        credentials.credential_id as child_id,
        plantings.event_key
    from plantings
    join credentials
      on  credentials.account_id = plantings.account_id
      and credentials.principal_id = plantings.user_principal_id
      and credentials.first_use >= plantings.event_time
    left join access_keys
      on  access_keys.access_key_id = credentials.access_key_id
      and access_keys.account_id = credentials.account_id
    where plantings.kind = 'access_key'
      and plantings.access_key_id is null
      and left(credentials.access_key_id, 4)
          = case plantings.event_name when 'CreateAccessKey' then 'AKIA' else 'ACCA' end
      and access_keys.created_at is null
),

-- the keys and passwords of users. The owner is the caller of a used key or, for others, the user named in the event
keys_and_passwords as (
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

-- if the owner is unknown, each user that possibly had the name
owners as (
    select account_id, kind, child_id, event_key, event_time, principal_id, true as is_certain
    from keys_and_passwords
    where principal_id is not null

    union all

    select
        keys_and_passwords.account_id,
        keys_and_passwords.kind,
        keys_and_passwords.child_id,
        keys_and_passwords.event_key,
        keys_and_passwords.event_time,
        user_names.principal_id,
        false
    from keys_and_passwords
    join user_names
      on  user_names.account_id = keys_and_passwords.account_id
      and user_names.name = keys_and_passwords.user_name
      and coalesce(keys_and_passwords.event_time >= user_names.possible_from, true)
      and coalesce(keys_and_passwords.event_time <= user_names.possible_until, true)
    where keys_and_passwords.principal_id is null
),

-- the keys and passwords of planted users
of_planted_users as (
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

    union all

    -- the record of the creation has no ID of the user
    select
        users.planting_id,
        named.child_id,
        case named.kind when 'access_key' then 'created_access_key' else 'created_login_profile' end,
        false,
        named.event_key
    from plantings users
    join keys_and_passwords named
      on  named.account_id = users.account_id
      and named.user_name = lower(users.name)
      and coalesce(named.event_time >= users.event_time, true)
    where users.kind = 'user'
      and users.principal_id is null
),

signed_in as (
    select
        credentials.credential_id,
        credentials.account_id,
        credentials.principal_id,
        credentials.session_creation_date,
        -- a password that AssumeRoot created for root may have been replaced by email
        issuances.issuance_id is not null and credentials.identity_type = 'IAMUser' as is_known,
        coalesce(issuances.issuance_id, credentials.named_by_event_key) as event_key
    from credentials
    left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    left join issuances on issuances.issuance_id = links.issuance_id and issuances.event_name = 'ConsoleLogin'
    left join in_console
      on  in_console.account_id = credentials.account_id
      and in_console.principal_id = credentials.principal_id
      and in_console.session_creation_date = credentials.session_creation_date
    where credentials.identity_type in ('IAMUser', 'Root')
      and not credentials.assumed_root
      -- the sign-in may be logged in a region that is not loaded
      and (
          issuances.issuance_id is not null
          or (links.child_credential_id is null and in_console.principal_id is not null)
      )
),

possible_passwords as (
    select
        owners.child_id as parent_id,
        signed_in.credential_id as child_id,
        signed_in.event_key,
        signed_in.is_known,
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

-- a sign-in uses the last password that was set before it
sign_ins as (
    select distinct
        parent_id,
        child_id,
        'console_session' as relation,
        is_known and coalesce(last_certain = last_possible, false) as is_certain,
        event_key
    from possible_passwords
    where coalesce(event_time >= last_certain, true)
),

-- the keys of planted users, and their sessions by planted passwords, if certain
certain as (
    select parent_id, child_id
    from of_planted_users
    where is_certain

    union

    select of_planted_users.parent_id, sign_ins.child_id
    from of_planted_users
    join sign_ins on sign_ins.parent_id = of_planted_users.child_id
    where of_planted_users.is_certain and sign_ins.is_certain
),

-- other keys and sessions of planted users, for which no creation or password is logged
used_by_planted_users as (
    select
        users.planting_id as parent_id,
        credentials.credential_id as child_id,
        case
            when credentials.is_long_term then 'created_access_key'
            when credentials.identity_type = 'FederatedUser' then 'federation_token'
            else 'console_session'
        end as relation,
        true as is_certain,
        coalesce(links.issuance_id, users.event_key) as event_key
    from plantings users
    join credentials
      on  credentials.account_id = users.account_id
      and users.principal_id = case
          when credentials.identity_type = 'FederatedUser' then credentials.session_issuer_principal_id
          else credentials.principal_id
      end
    left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    left join certain
      on  certain.parent_id = users.planting_id
      and certain.child_id = credentials.credential_id
    where users.kind = 'user'
      and credentials.access_key_id is not null
      and credentials.direct_events > 0
      and links.parent_credential_id is null
      and certain.child_id is null
)

select parent_id, child_id, relation, is_certain, event_key from planted
union all
select parent_id, child_id, 'created_access_key', false, event_key from possible_keys
union all
select parent_id, child_id, relation, is_certain, event_key from of_planted_users
union all
select parent_id, child_id, relation, is_certain, event_key from sign_ins
union all
select parent_id, child_id, relation, is_certain, event_key from used_by_planted_users
