-- Add the signal session_moved: temporary credentials that were used from several public networks. The fewer stories
-- have such, the stronger. Grain: one row per (story, day).
insert into triage_signals
with placed as (
    select
        triage_stories.story,
        triage_stories.credential_id,
        events.event_time,
        events.event_date,
        events.event_key,
        events.event_id,
        triage_networks.address,
        triage_networks.network
    from events
    join triage_stories on triage_stories.credential_id = events.credential_id
    join triage_networks on triage_networks.source_addresses = events.source_addresses
    where events.access_key_id like 'ASIA%'
      and triage_networks.is_public
      and events.invoked_by is null
      and not events.unreliable
      and events.event_time is not null
),

moved as (
    select
        credential_id,
        any_value(story) as story,
        arg_min(network, (event_time, event_key)) as first_network
    from placed
    group by credential_id
    having min(network) <> max(network)
),

elsewhere as (
    select placed.story, placed.event_date, placed.event_time, placed.event_key, placed.event_id, placed.address
    from placed
    join moved on moved.credential_id = placed.credential_id and moved.first_network <> placed.network
)

select
    story,
    event_date,
    'session_moved' as signal,
    1.0 / sqrt((select count(distinct story) from moved)) as strength,
    count(*) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    arg_min(event_id, (event_time, event_key), 3) as event_ids,
    list_sort(list_distinct(arg_min(address, (event_time, event_key), 5))) as details
from elsewhere
group by story, event_date
