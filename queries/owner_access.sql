-- title: Other access of a key's owner
-- question: Does the owner of this key have other keys or a console password, and are they in use?
-- parameter: key varchar: the access key ID
-- techniques: T1098.001, T1078.004
-- columns: owner_name, way_in, access_key_id, status, since, last_use, expires_at, event_name, is_certain, account_id,
--   event_id

with owners as (
    select account_id, owner_principal_id, owner_name
    from access_keys
    where access_key_id = $key
),

ways as (
    select
        account_id,
        owner_principal_id as user_id,
        owner_name as user_name,
        case when access_key_id like 'ACCA%' then 'service-specific credential' else 'access key' end as way_in,
        access_key_id,
        status,
        created_at as since,
        last_use,
        expires_at,
        case
            when created_at is null then null
            when access_key_id like 'ACCA%' then 'CreateServiceSpecificCredential'
            else 'CreateAccessKey'
        end as event_name,
        created_by_event_key as event_key
    from access_keys

    union all

    select
        account_id, user_principal_id, user_name, 'console password', null, null, event_time, null, null, event_name,
        event_key
    from user_changes
    where succeeded
      and event_name like '%LoginProfile'

    union all

    select
        issued_account_id, issued_principal_id, caller_user_name, 'console sign-in', null, null, null, max(event_time),
        null, event_name, arg_max(issuance_id, (event_time, issuance_id))
    from issuances
    where event_name = 'ConsoleLogin'
      and not is_unreliable
    group by issued_account_id, issued_principal_id, caller_user_name, event_name
)

select
    owners.owner_name,
    ways.way_in,
    ways.access_key_id,
    ways.status,
    ways.since,
    ways.last_use,
    ways.expires_at,
    ways.event_name,
    -- false if only the user name matches the owner
    coalesce(ways.user_id = owners.owner_principal_id, ways.access_key_id = $key, false) as is_certain,
    owners.account_id,
    evidence.event_id
from owners
join ways
  on  ways.account_id = owners.account_id
  and (
      ways.user_id = owners.owner_principal_id
      or (
          (ways.user_id is null or owners.owner_principal_id is null)
          and lower(ways.user_name) = lower(owners.owner_name)
      )
  )
left join evidence on evidence.event_key = ways.event_key
order by ways.way_in, ways.since, ways.access_key_id, owners.account_id, ways.event_key, ways.user_id, ways.user_name
