-- Add the signal first_seen: the first day of a story that begins a day or more after the case, such as that of a key
-- that slept. It counts less for people who sign in, because they come and go, and for a repository whose other
-- workflows are known. Keys that were created in the case are left out. Grain: one row per story.
insert into triage_signals
with known as (
    select
        triage_stories.story,
        nullif(regexp_extract(triage_stories.actor_id, '^repo:[^:]+'), '') as repository,
        case
            when triage_stories.origin_access_key_id is not null
                or triage_stories.actor_kind in ('external_principal', 'web_identity_user') then 1.0
            else 0.3
        end as weight
    from triage_stories
    left join plantings on plantings.access_key_id = triage_stories.story
    where plantings.access_key_id is null
),

began as (
    select story, min(event_date) as event_date, min(first_event) as first_event
    from triage_calls
    group by story
),

began_in_case as (
    select min(first_event) as first_event
    from began
),

repositories as (
    select known.repository, min(began.first_event) as first_event
    from known
    join began on began.story = known.story
    where known.repository is not null
    group by known.repository
),

first_days as (
    select
        began.story,
        began.event_date,
        max(known.weight * case when repositories.first_event < began.first_event then 0.5 else 1.0 end)
            * least(1.0, date_diff('hour', min(began_in_case.first_event), began.first_event) / 240.0) as strength
    from began
    join known on known.story = began.story
    cross join began_in_case
    left join repositories on repositories.repository = known.repository
    where began.first_event >= began_in_case.first_event + interval 24 hour
    group by began.story, began.event_date, began.first_event
)

select
    first_days.story,
    first_days.event_date,
    'first_seen' as signal,
    any_value(first_days.strength) as strength,
    sum(calls.events)::bigint as events,
    min(calls.first_event)::timestamp as first_event,
    max(calls.last_event)::timestamp as last_event,
    arg_min(calls.first_event_id, (calls.first_event, calls.first_event_id), 3) as event_ids,
    list_sort(list_distinct(arg_min(calls.event_name, (calls.first_event, calls.first_event_id), 5))) as details
from first_days
join triage_calls as calls on calls.story = first_days.story and calls.event_date = first_days.event_date
group by first_days.story, first_days.event_date
