-- title: Users, keys, passwords and trust policies that were created
-- question: Which users, keys, passwords and trust policies were created, by whom, and were they used afterwards?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1136.003, T1098.001, T1098.003, T1098
-- columns: event_time, kind, name, access_key_id, account_id, by_actor, by_actor_kind, grade, by_origin_key, first_use,
--   last_use, uses, event_id, is_certain

with below_origin as (
    select derived_id, max(is_certain) as is_certain
    from derived
    where ancestor_access_key_id = $origin_key
    group by derived_id
),

uses_of_users as (
    select
        account_id,
        case identity_type when 'IAMUser' then principal_id else session_issuer_principal_id end as user_id,
        user_name,
        min(first_use) as first_use,
        max(last_use) as last_use,
        sum(events) as uses
    from credentials
    where identity_type in ('IAMUser', 'FederatedUser')
    group by account_id, user_id, user_name
),

uses_of_keys as (
    select account_id, access_key_id, first_use, last_use, events as uses
    from access_keys
),

uses_of_roles as (
    select
        account_id,
        regexp_extract(session_issuer_arn, '[^/]+$', 0) as role_name,
        session_creation_date,
        first_use,
        last_use,
        events
    from credentials
    where identity_type = 'AssumedRole'
)

-- With --origin-key, `is_certain` is false if another key may be the origin.
select
    plantings.event_time,
    plantings.kind,
    plantings.name,
    plantings.access_key_id,
    plantings.account_id,
    coalesce(min(events.actor_name), min(events.actor_id)) as by_actor,
    min(events.actor_kind) as by_actor_kind,
    min(events.grade) as grade,
    min(events.origin_access_key_id) as by_origin_key,
    coalesce(min(uses_of_keys.first_use), min(uses_of_users.first_use), min(uses_of_roles.first_use)) as first_use,
    coalesce(max(uses_of_keys.last_use), max(uses_of_users.last_use), max(uses_of_roles.last_use)) as last_use,
    coalesce(max(uses_of_keys.uses), sum(uses_of_users.uses), sum(uses_of_roles.events), 0)::bigint as uses,
    plantings.event_id,
    max(coalesce(events.origin_access_key_id = $origin_key, false) or coalesce(below_origin.is_certain, false))
        filter ($origin_key::varchar is not null) as is_certain
from plantings
join filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
  on  events.event_key = plantings.event_key
left join below_origin on below_origin.derived_id = plantings.creator_credential_id
left join uses_of_keys
  on  plantings.kind = 'access_key'
  and uses_of_keys.account_id = plantings.account_id
  and uses_of_keys.access_key_id = plantings.access_key_id
left join user_changes on user_changes.event_key = plantings.event_key
left join uses_of_users
  on  plantings.kind in ('user', 'login_profile')
  and uses_of_users.account_id = plantings.account_id
  and (
      uses_of_users.user_id = user_changes.user_principal_id
      or (
          (uses_of_users.user_id is null or user_changes.user_principal_id is null)
          and lower(uses_of_users.user_name) = lower(plantings.name)
          and uses_of_users.last_use >= plantings.event_time
      )
  )
left join uses_of_roles
  on  plantings.kind = 'role'
  and uses_of_roles.account_id = plantings.account_id
  and lower(uses_of_roles.role_name) = lower(plantings.name)
  and uses_of_roles.session_creation_date >= plantings.event_time
group by
    plantings.event_time, plantings.kind, plantings.name, plantings.access_key_id, plantings.account_id,
    plantings.event_id
order by
    plantings.event_time, plantings.kind, plantings.name, plantings.access_key_id, plantings.account_id,
    plantings.event_id
