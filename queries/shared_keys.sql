-- title: Long-term keys that several programs use
-- question: Which key is used by several programs, so that its deactivation can break some of them?
-- parameter: programs bigint = 2: the minimum number of programs
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: access_key_id, owner_name, account_id, programs, addresses, program, program_addresses, events, first_use,
--   last_use, first_event_id

with calls as (
    -- S3 logs user agents in brackets
    select events.*, trim(events.user_agent, '[]') as agent
    from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
    join credentials on credentials.credential_id = events.credential_id
    where credentials.is_long_term
      and events.invoked_by is null
),

uses as (
    select
        access_key_id,
        account_id,
        coalesce(source_addresses, source_ip_address) as address,
        event_time,
        event_id,
        -- a program and its system, without versions and run IDs
        trim(
            coalesce(
                nullif(regexp_extract(agent, 'Terraform|Pulumi', 0), ''),
                regexp_extract(agent, '^[^/ _]+', 0)
            ) || ' ' || coalesce(
                nullif(regexp_extract(lower(agent), 'kali|parrot|pentoo', 0), ''),
                regexp_extract(lower(agent), 'linux|macos|darwin|windows', 0)
            )
        ) as program
    from calls
),

programs as (
    select
        access_key_id,
        account_id,
        program,
        count(distinct address) as program_addresses,
        count(*) as events,
        min(event_time) as first_use,
        max(event_time) as last_use,
        arg_min(event_id, (event_time, event_id)) as first_event_id
    from uses
    group by access_key_id, account_id, program
),

addresses as (
    select access_key_id, account_id, count(distinct address) as addresses
    from uses
    group by access_key_id, account_id
)

select
    programs.access_key_id,
    access_keys.owner_name,
    programs.account_id,
    count(*) over (partition by programs.access_key_id, programs.account_id) as programs,
    addresses.addresses,
    programs.program,
    programs.program_addresses,
    programs.events,
    programs.first_use,
    programs.last_use,
    programs.first_event_id
from programs
join addresses
  on  addresses.access_key_id = programs.access_key_id
  and addresses.account_id = programs.account_id
left join access_keys
  on  access_keys.access_key_id = programs.access_key_id
  and access_keys.account_id = programs.account_id
qualify count(*) over (partition by programs.access_key_id, programs.account_id) >= $programs
order by programs.access_key_id, programs.account_id, programs.first_use, programs.program
