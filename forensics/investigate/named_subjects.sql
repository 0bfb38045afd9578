-- The actors, roles and sessions that a name, an ID or the part of an e-mail address before the @ means, in any case.
-- Grain: one row per (type, kind, issuer, id, account_id). $name: the text; $account: the account of the user or role,
-- or null for any. `id` is null for a user or role that is only known by its name. `issuer`: the SAML issuer, web
-- identity provider or identity store that assigned the ID; `qualified_id`: the issuer and the ID as one text.
-- `first_seen`, `last_seen`: of a user, the first and the last record with this name. `actors`: the kind and ID of
-- each actor of a session; `role_id`: its role.
with asked as (
    select lower($name) as name
),

named_users as (
    select
        principal_id as id,
        account_id,
        arg_max(user_name, coalesce(seen_until, possible_from, '1970-01-01'::timestamptz)) as name,
        max(arn) as arn,
        min(seen_from) as first_seen,
        max(seen_until) as last_seen
    from user_names
    where name = (from asked) or lower(principal_id) = (from asked)
    group by principal_id, account_id
),

-- users that a change or a key names, who may have made no call
changed_users as (
    select user_principal_id as id, account_id, user_name as name, event_time
    from user_changes
    where lower(user_name) = (from asked)

    union all

    select owner_principal_id, account_id, owner_name, created_at
    from access_keys
    where owner_kind = 'iam_user' and lower(owner_name) = (from asked)

    union all

    select null, account_id, user_name, event_time
    from access_key_changes
    where lower(user_name) = (from asked)
),

user_ids as (
    select actor_id
    from actors
    where actor_kind in ('iam_user', 'root') and actor_id is not null
),

actors_with_name as (
    select
        actors.actor_kind as kind,
        actors.actor_id as id,
        actors.qualified_actor_id as qualified_id,
        coalesce(actors.issuer, actors.provider, actors.identity_store_arn) as issuer,
        case when actors.actor_kind in ('iam_user', 'workload') then actors.actor_account_id end as account_id,
        max(actors.display_name) as name,
        max(actors.actor_arn) as arn,
        min(credentials.first_use) as first_seen,
        max(credentials.last_use) as last_seen
    from actors
    join credentials on credentials.credential_id = actors.credential_id
    where actors.actor_kind not in ('unknown', 'anonymous')
      and actors.actor_id is not null
      and actors.credential_id not in (from redacted_credentials)
      -- a session that only the redacted copy of its request shows; the ID is that of the user
      and (actors.actor_kind <> 'external_principal' or actors.actor_id not in (from user_ids))
      and (from asked) in (
          lower(actors.display_name),
          lower(actors.actor_id),
          lower(actors.qualified_actor_id),
          lower(actors.actor_arn),
          lower(split_part(actors.actor_name, '@', 1))
      )
    group by all
),

-- functions of two accounts may have one name: their ARN is their ID
shared_ids as (
    select actor_id
    from actors
    where actor_kind = 'workload'
    group by actor_id
    having min(actor_account_id) <> max(actor_account_id)
),

named_actors as (
    select
        kind,
        case when kind = 'workload' and id in (from shared_ids) then coalesce(arn, id) else id end as id,
        case when kind <> 'workload' then qualified_id end as qualified_id,
        issuer,
        account_id,
        name,
        arn,
        first_seen,
        last_seen
    from actors_with_name
),

sessions as (
    select
        credentials.*,
        case
            when session_issuer_type = 'Role' then regexp_extract(session_issuer_arn, '[^/]+$', 0)
            else split_part(split_part(arn, ':assumed-role/', 2), '/', 1)
        end as role_name,
        -- some formats omit the role of a session
        coalesce(
            session_issuer_principal_id,
            nullif(split_part(principal_id, ':', 1), ''),
            session_issuer_arn
        ) as role_id,
        coalesce(role_session_name, nullif(split_part(arn, ':federated-user/', 2), '')) as session_name
    from credentials
    where arn like '%:assumed-role/%' or arn like '%:federated-user/%'
),

-- an export has the ID of an identity store, and records its ARN
identity_stores as (
    select regexp_extract(identity_store_arn, '[^/]+$', 0) as store_id, min(identity_store_arn) as arn
    from actors
    where identity_store_arn is not null
    group by store_id
),

found as (
    select 'actor' as type, 'iam_user' as kind, *
    from named_users

    union all by name

    select 'actor' as type, 'iam_user' as kind, id, account_id, name, event_time as first_seen, event_time as last_seen
    from changed_users

    union all by name

    select 'actor' as type, *
    from named_actors

    union all by name

    select
        case principals.kind when 'role' then 'role' else 'actor' end as type,
        nullif(principals.kind, 'role') as kind,
        principals.id,
        identity_stores.arn || ':' || principals.id as qualified_id,
        identity_stores.arn as issuer,
        case when principals.kind <> 'identity_center_user' then principals.account_id end as account_id,
        principals.name,
        principals.arn
    from exported_principals as principals
    left join identity_stores on identity_stores.store_id = principals.store_id
    where (from asked) in (lower(principals.name), lower(principals.id))
      -- a user of an identity store that no event names made no call
      and (
          principals.kind <> 'identity_center_user'
          or identity_stores.arn is not null
          or principals.id not in (select id from actors_with_name)
      )

    union all by name

    select
        'role' as type,
        role_id as id,
        account_id,
        role_name as name,
        session_issuer_arn as arn,
        first_use as first_seen,
        last_use as last_seen
    from sessions
    where arn like '%:assumed-role/%'
      and (from asked) in (lower(role_name), lower(role_id))

    union all by name

    select 'role' as type, account_id, role_name as name, event_time as first_seen, event_time as last_seen
    from trust_policies
    where lower(role_name) = (from asked)

    union all by name

    select
        'session' as type,
        sessions.arn as id,
        sessions.account_id,
        session_name as name,
        sessions.arn,
        first_use as first_seen,
        last_use as last_seen,
        [coalesce(actors.actor_kind || ' ' || actors.qualified_actor_id, '')] as actors,
        role_id
    from sessions
    join actors on actors.credential_id = sessions.credential_id
    where lower(session_name) = (from asked)
)

select
    type,
    kind,
    id,
    coalesce(max(qualified_id), id) as qualified_id,
    issuer,
    account_id,
    arg_max(name, coalesce(last_seen, '1970-01-01'::timestamptz)) as name,
    max(arn) as arn,
    min(first_seen)::timestamp as first_seen,
    max(last_seen)::timestamp as last_seen,
    list_sort(list_distinct(flatten(list(coalesce(actors, []))))) as actors,
    min(role_id) as role_id
from found
where $account::varchar is null or account_id = $account
group by type, kind, issuer, id, account_id
order by type, account_id, kind, id, issuer
