-- Create the table of the days of each story, for the signals of triage: how unlike the days before a day is, from 0 to
-- 1. `unfamiliar`: by network and program. `surprise`: by APIs that the story, or its role, never called before; it
-- grows with the days without a new API. `odd_hour`: by the hour of the day. Grain: one row per (story, day).
create temporary table triage_days as
with first_calls as (
    select habit, event_source, event_name, min(event_date) as event_date
    from triage_calls
    group by habit, event_source, event_name
),

new_kinds as (
    select habit, event_date, count(*) as kinds
    from first_calls
    group by habit, event_date
),

habit_days as (
    select calls.habit, calls.event_date, coalesce(new_kinds.kinds, 0) as kinds
    from (select distinct habit, event_date from triage_calls) as calls
    left join new_kinds on new_kinds.habit = calls.habit and new_kinds.event_date = calls.event_date
),

counted as (
    select
        habit,
        event_date,
        kinds,
        row_number() over (partition by habit order by event_date) - 1 as days_before,
        -- the first day is one of them, which keeps a short past from surprising
        count(case when kinds > 0 then 1 end) over (
            partition by habit order by event_date rows between unbounded preceding and 1 preceding
        ) as new_days_before
    from habit_days
),

surprises as (
    select
        habit,
        event_date,
        case when kinds > 0 then power(1.0 - new_days_before / (days_before + 1.0), 2) else 0.0 end as surprise
    from counted
),

hours as (
    select distinct story, event_date, unnest([hour(first_event), hour(last_event)]) as hour
    from triage_calls
),

-- an hour makes the hours beside it usual, too
usual_hours as (
    select story, hour, min(event_date) as event_date
    from (
        select story, event_date, unnest([(hour + 23) % 24, hour, (hour + 1) % 24]) as hour
        from hours
    )
    group by story, hour
),

begun_hours as (
    select story, event_date, hour, min(event_date) over (partition by story) as first_date
    from hours
),

odd_hours as (
    select
        begun_hours.story,
        begun_hours.event_date,
        max(
            case
                when usual_hours.event_date = begun_hours.event_date
                    then least(1.0, date_diff('day', begun_hours.first_date, begun_hours.event_date) / 10.0)
                else 0.0
            end
        ) as odd_hour
    from begun_hours
    join usual_hours on usual_hours.story = begun_hours.story and usual_hours.hour = begun_hours.hour
    group by begun_hours.story, begun_hours.event_date
)

select
    calls.story,
    calls.event_date,
    max(surprises.surprise * calls.history) as surprise,
    max(greatest(calls.network_newness, 0.7 * calls.program_newness)) as unfamiliar,
    max(odd_hours.odd_hour) as odd_hour
from triage_calls as calls
join surprises on surprises.habit = calls.habit and surprises.event_date = calls.event_date
join odd_hours on odd_hours.story = calls.story and odd_hours.event_date = calls.event_date
group by calls.story, calls.event_date
