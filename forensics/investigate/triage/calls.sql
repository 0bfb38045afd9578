-- Create the table of the calls of all stories, folded by API, place, program and outcome of a day, for the queries of
-- triage: the lake is read once. A call that a service made on somebody's behalf has no place. Unreliable events are
-- left out. Grain: one row per (story, day, API, region, account, network, program, outcome).
create temporary table triage_calls as
with called as (
    select
        triage_stories.story,
        events.event_id,
        events.event_key,
        events.event_time,
        events.event_date,
        events.event_source,
        events.event_name,
        events.aws_region,
        events.recipient_account_id,
        events.access_key_id,
        events.outcome,
        events.mfa_authenticated,
        regexp_matches(events.event_name, '^(Describe|Get|Head|List|Lookup|Search)') as is_reading,
        coalesce(events.event_category, 'Management') = 'Data' as is_data,
        case when events.invoked_by is null then split_part(events.source_addresses, ',', 1) end as address,
        case when events.invoked_by is null then events.user_agent end as user_agent
    from events
    left join twins on twins.event_key = events.event_key
    join triage_stories on triage_stories.credential_id = coalesce(twins.credential_id, events.credential_id)
    where not events.unreliable
      and events.event_time is not null
),

placed as (
    select
        *,
        -- neighbouring addresses are one network: a /24 of IPv4, a /48 of IPv6
        case
            when address like '%.%' then regexp_extract(address, '^(\d+\.\d+\.\d+)\.', 1) || '.0/24'
            when address like '%:%' then regexp_extract(address, '^([0-9a-f]*:[0-9a-f]*:[0-9a-f]*)', 1) || '::/48'
        end as network,
        -- the program without its version
        lower(trim(regexp_extract(user_agent, '^\[?([A-Za-z][A-Za-z0-9_. -]*)', 1))) as program
    from called
)

select
    story,
    event_date,
    event_source,
    event_name,
    aws_region,
    recipient_account_id as account_id,
    network,
    program,
    outcome,
    is_reading,
    is_data,
    count(*) as events,
    min(event_time) as first_event,
    max(event_time) as last_event,
    arg_min(event_id, (event_time, event_key)) as first_event_id,
    arg_min(address, (event_time, event_key)) as address,
    arg_min(user_agent, (event_time, event_key)) as user_agent,
    min(access_key_id) as access_key_id
from placed
group by
    story, event_date, event_source, event_name, aws_region, recipient_account_id, network, program, outcome,
    is_reading, is_data
