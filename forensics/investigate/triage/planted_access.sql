-- Add the signal planted_access: keys, users and passwords that a story created. The fewer are created in the case, and
-- the more kinds at once, the stronger. Grain: one row per (story, day).
insert into triage_signals
with made as (
    select
        triage_stories.story,
        plantings.event_time,
        plantings.event_key,
        plantings.event_id,
        plantings.planting_id,
        plantings.kind,
        count(*) over (partition by plantings.kind) as made_in_case
    from plantings
    join triage_stories on triage_stories.credential_id = plantings.creator_credential_id
    where plantings.kind <> 'role'
      and plantings.event_time is not null
)

select
    story,
    cast(event_time as date) as event_date,
    'planted_access' as signal,
    least(1.0, count(distinct kind) / 4.0 + sum(1.0 / made_in_case)) as strength,
    count(distinct planting_id) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    list_distinct(arg_min(event_id, (event_time, event_key), 5)) as event_ids,
    list_sort(list(distinct kind)) as details
from made
group by story, cast(event_time as date)
