-- Signal new_network: a network that a story first used a day or more after its first call, and that nobody else in the
-- case used before. `strength` falls with the number of such networks of the story: some people and services roam.
-- Grain: one row per (story, network).
with began as (
    select story, min(first_event) as first_event
    from triage_calls
    group by story
),

places as (
    select
        story,
        network,
        min(first_event) as first_event,
        max(last_event) as last_event,
        sum(events)::bigint as events,
        count(case when outcome = 'denied' then 1 end) > 0 as has_denied,
        arg_min(address, (first_event, first_event_id)) as address,
        list_sort(list(distinct program) filter (where program <> '')) as programs,
        arg_min(first_event_id, (first_event, first_event_id)) as event_id
    from triage_calls
    where network is not null
    group by story, network
),

ranked as (
    select *, min(first_event) over (partition by network) as first_in_case
    from places
),

new_places as (
    select ranked.*, count(*) over (partition by ranked.story) as new_networks
    from ranked
    join began on began.story = ranked.story
    where ranked.first_event = ranked.first_in_case
      and ranked.first_event >= began.first_event + interval 24 hour
),

-- programs that the story used before it came to the network
known_programs as (
    select new_places.story, new_places.network, list(distinct calls.program) as programs
    from new_places
    join triage_calls calls on calls.story = new_places.story and calls.first_event < new_places.first_event
    where calls.program <> ''
    group by new_places.story, new_places.network
)

select
    new_places.story,
    new_places.events,
    new_places.first_event::timestamp as first_event,
    new_places.last_event::timestamp as last_event,
    [new_places.event_id] as event_ids,
    [new_places.address] || list_filter(
        coalesce(new_places.programs, []),
        lambda one: not list_contains(coalesce(known_programs.programs, []), one)
    ) as details,
    1.0 / new_places.new_networks as strength
from new_places
left join known_programs
  on  known_programs.story = new_places.story
  and known_programs.network = new_places.network
order by new_places.story, new_places.first_event, new_places.network
