-- named_planted_descents: `named_requests` of planted users and roles, and of users with a planted password, below the
-- planting, unless a credential or password below it may have made the request.
-- Grain: one row per (parent_id, child_id, event_key).

with requests as (
    select
        plantings.planting_id as parent_id,
        named_requests.child_id,
        named_requests.relation,
        named_requests.event_key
    from named_requests
    join plantings
      on  plantings.account_id = named_requests.account_id
      and plantings.principal_id = regexp_extract(named_requests.principal_id, '^[^:]*', 0)
      and plantings.event_time <= named_requests.event_time
    where plantings.kind in ('user', 'role')

    union

    select plantings.planting_id, named_requests.child_id, named_requests.relation, named_requests.event_key
    from named_requests
    join named_users on named_users.event_key = named_requests.event_key
    join plantings
      on  plantings.account_id = named_requests.account_id
      and plantings.user_principal_id = named_users.principal_id
      and plantings.event_time <= named_requests.event_time
    where plantings.kind in ('user', 'login_profile')
      and named_requests.principal_id is null
),

below as (
    select planted_descents.parent_id, planted_descents.child_id
    from planted_descents
    join (select distinct planting_id from plantings) as planted on planted.planting_id = planted_descents.parent_id
),

all_below as (
    select parent_id, child_id
    from below

    union

    -- the sessions by the passwords of a user
    select users.parent_id, sessions.child_id
    from below users
    join below sessions on sessions.parent_id = users.child_id
),

requested_below as (
    select all_below.parent_id, named_descents.child_id
    from all_below
    join named_descents on named_descents.parent_id = all_below.child_id

    union

    select all_below.parent_id, requests.child_id
    from all_below
    join requests on requests.parent_id = all_below.child_id
)

select requests.parent_id, requests.child_id, requests.relation, false as is_certain, requests.event_key
from requests
left join requested_below
  on  requested_below.parent_id = requests.parent_id
  and requested_below.child_id = requests.child_id
where requested_below.child_id is null
