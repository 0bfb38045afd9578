-- Create the table of the calls of all stories, folded by API, place, program and outcome of a day, for the signals of
-- triage: the lake is read once. A call that a service made for a caller has no place. Unreliable events are left out.
-- `network_newness` and `program_newness` are 0 for a network and a program that the story, or its role, has used for
-- a day. They fall with the number of networks and programs that it used before, because some callers roam, and grow
-- with the time that its habits are known. A network that others used a day before is not new. Grain: one row per
-- (story, day, API, region, account, network, program, outcome).
create temporary table triage_calls as
with called as (
    select
        triage_stories.story,
        triage_stories.habit,
        triage_stories.usual_networks,
        events.event_id,
        events.event_key,
        events.event_time,
        events.event_date,
        events.event_source,
        events.event_name,
        events.aws_region,
        events.recipient_account_id,
        events.outcome,
        coalesce(events.event_category, 'Management') = 'Data' as is_data,
        triage_networks.address,
        triage_networks.network,
        case when events.invoked_by is null then events.user_agent end as user_agent
    from events
    join triage_stories on triage_stories.credential_id = events.credential_id
    left join twins on twins.event_key = events.event_key
    left join triage_networks
      on  triage_networks.source_addresses = events.source_addresses
      and events.invoked_by is null
    where not events.unreliable
      and events.event_time is not null
      -- the copy of another account, whose caller's own copy counts
      and twins.event_key is null
      -- another account's record of a switch of roles, whose caller's own record counts
      and not (triage_stories.actor_kind = 'unknown' and events.event_name = 'SwitchRole')
),

placed as (
    select
        *,
        -- the program without its version; AWS's own names are not programs
        case
            when user_agent not like 'AWS Internal%' and user_agent not like '%.amazonaws.com'
                then nullif(lower(trim(regexp_extract(left(user_agent, 200), '^\[?([A-Za-z][A-Za-z0-9_. -]*)', 1))), '')
        end as program
    from called
),

folded as (
    select
        story,
        habit,
        event_date,
        event_source,
        event_name,
        aws_region,
        recipient_account_id as account_id,
        network,
        program,
        outcome,
        is_data,
        max(usual_networks) as usual_networks,
        count(*) as events,
        min(event_time) as first_event,
        max(event_time) as last_event,
        arg_min(event_id, (event_time, event_key)) as first_event_id,
        arg_min(address, (event_time, event_key)) as address,
        arg_min(left(user_agent, 200), (event_time, event_key)) as user_agent
    from placed
    group by
        story, habit, event_date, event_source, event_name, aws_region, recipient_account_id, network, program, outcome,
        is_data
),

began as (
    select habit, min(first_event) as first_event
    from folded
    group by habit
),

began_in_case as (
    select min(first_event) as first_event
    from folded
),

networks as (
    select
        habit,
        network,
        min(first_event) as first_event,
        min(min(first_event)) over (partition by network) as first_in_case,
        row_number() over (partition by habit order by min(first_event), network) - 1 as known
    from folded
    where network is not null
    group by habit, network
),

programs as (
    select
        habit,
        program,
        min(first_event) as first_event,
        row_number() over (partition by habit order by min(first_event), program) - 1 as known
    from folded
    where program is not null
    group by habit, program
),

dated as (
    select
        folded.*,
        -- the habits of a story are known after five days
        least(1.0, date_diff('hour', began.first_event, folded.first_event) / 120.0) as history,
        date_diff('hour', began_in_case.first_event, folded.first_event) as hours_of_case,
        networks.known as known_networks,
        programs.known as known_programs,
        networks.first_event < networks.first_in_case + interval 24 hour
            and folded.first_event < networks.first_event + interval 24 hour as is_new_network,
        folded.first_event < programs.first_event + interval 24 hour as is_new_program
    from folded
    join began on began.habit = folded.habit
    cross join began_in_case
    left join networks on networks.habit = folded.habit and networks.network = folded.network
    left join programs on programs.habit = folded.habit and programs.program = folded.program
)

select
    story,
    habit,
    event_date,
    event_source,
    event_name,
    aws_region,
    account_id,
    outcome,
    is_data,
    events,
    first_event,
    last_event,
    first_event_id,
    address,
    user_agent,
    history,
    case
        when is_new_network and known_networks > 0 then history / greatest(known_networks, usual_networks)
        -- the first network of a story that begins late in the case
        when is_new_network then 0.6 * least(1.0, hours_of_case / 240.0) / usual_networks
        else 0.0
    end as network_newness,
    case when is_new_program and known_programs > 0 then history / known_programs else 0.0 end as program_newness
from dated
