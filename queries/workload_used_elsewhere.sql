-- title: Workload credentials used elsewhere
-- question: Which credentials of an instance, function or task were also used from another address?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1552.005, T1550.001
-- columns: workload_type, workload, access_key_id, arn, home, home_events, elsewhere, events, first_use, last_use,
--   first_event_id

-- The rule of `who` and `key`, without AWS's address ranges: the first address is the home. A credential was used
-- elsewhere if its home is private and a public address was in use before the last use at home.
with calls as (
    select
        credential_id,
        coalesce(source_addresses, source_ip_address) as address,
        event_key,
        event_time,
        event_id
    from events
    where event_time is not null
      and not unreliable
),

uses as (
    select
        credential_id,
        address,
        regexp_matches(
            lower(address),
            '^(10\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.'
            || '|192\.168\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)'
        ) as is_private,
        regexp_matches(
            address,
            '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$'
        ) as is_address,
        event_key,
        event_time,
        event_id
    from calls
    where address is not null
      -- calls that a service made on the workload's behalf have the service's name as their address
      and not regexp_full_match(
          lower(address), 'aws internal|[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws)'
      )
),

places as (
    select
        credential_id,
        address,
        is_private,
        is_address,
        count(*) as events,
        min(event_time) as first_use,
        max(event_time) as last_use
    from uses
    group by credential_id, address, is_private, is_address
),

homes as (
    select *
    from places
    qualify row_number() over (partition by credential_id order by first_use, address) = 1
),

-- the rule reads all calls; of those from elsewhere, the filters select which are shown
shown as (
    select
        uses.credential_id,
        uses.address,
        count(*) as events,
        min(uses.event_time) as first_use,
        max(uses.event_time) as last_use,
        arg_min(uses.event_id, (uses.event_time, uses.event_id)) as first_event_id
    from uses
    join filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
      on  events.event_key = uses.event_key
    group by uses.credential_id, uses.address
)

select
    actors.workload_type,
    coalesce(actors.display_name, actors.actor_id) as workload,
    credentials.access_key_id,
    credentials.arn,
    homes.address as home,
    homes.events as home_events,
    places.address as elsewhere,
    shown.events,
    shown.first_use,
    shown.last_use,
    shown.first_event_id
from homes
join places
  on  places.credential_id = homes.credential_id
  and places.is_address
  and not places.is_private
  and places.first_use <= homes.last_use
join shown on shown.credential_id = places.credential_id and shown.address = places.address
join actors on actors.credential_id = homes.credential_id
join credentials on credentials.credential_id = homes.credential_id
where actors.actor_kind = 'workload'
  -- a session that the workload requested with this credential has a credential of its own
  and actors.named_credential_id = actors.credential_id
  and homes.is_private
  and homes.is_address
order by shown.first_use, credentials.access_key_id, elsewhere, places.credential_id
