-- Add a signal for each kind of sensitive call (`sensitive_signals`) that succeeded. A call counts less each further
-- day that the story, or its role, makes it, and the more stories make it, unless the story rarely calls anything new.
-- Many calls at once count more, after the first day of the case. Grain: one row per (story, day, signal).
insert into triage_signals
with actions as (
    select
        event_source,
        event_name,
        signal,
        -- this number of calls on a day is a bulk
        case tactic when 'credential_access' then 10.0 else 40.0 end as bulk
    from sensitive_signals
),

called as (
    select
        calls.story,
        calls.habit,
        calls.event_date,
        actions.signal,
        actions.bulk,
        calls.event_source,
        calls.event_name,
        sum(calls.events)::bigint as events,
        min(calls.first_event) as first_event,
        max(calls.last_event) as last_event,
        arg_min(calls.first_event_id, (calls.first_event, calls.first_event_id)) as event_id
    from triage_calls as calls
    join actions
      on  actions.event_source = calls.event_source
      and actions.event_name = calls.event_name
    where calls.outcome = 'succeeded'
    group by calls.story, calls.habit, calls.event_date, actions.signal, actions.bulk, calls.event_source,
        calls.event_name
),

callers as (
    select event_source, event_name, count(distinct habit) as habits
    from called
    group by event_source, event_name
),

compared as (
    select
        called.*,
        callers.habits,
        rank() over (
            partition by called.habit, called.event_source, called.event_name order by called.event_date
        ) as place,
        coalesce(max(called.events) over (
            partition by called.story, called.event_source, called.event_name
            order by called.event_date rows between unbounded preceding and 1 preceding
        ), 0) as events_before
    from called
    join callers on callers.event_source = called.event_source and callers.event_name = called.event_name
)

select
    compared.story,
    compared.event_date,
    compared.signal,
    least(1.0, sum(greatest(triage_days.surprise, 1.0 / sqrt(compared.habits)) / compared.place))
        + case
            when compared.signal in ('cost_abuse', 'data_access', 'destruction')
                then max(
                    case
                        when compared.events >= 4
                            and compared.events > 2 * compared.events_before
                            and compared.event_date > (select min(event_date) from triage_calls)
                            then least(2.0, compared.events / compared.bulk)
                        else 0.0
                    end
                )
            else 0.0
        end as strength,
    sum(compared.events)::bigint as events,
    min(compared.first_event)::timestamp as first_event,
    max(compared.last_event)::timestamp as last_event,
    arg_min(compared.event_id, (compared.habits, compared.first_event, compared.event_id), 5) as event_ids,
    arg_min(compared.event_name, (compared.habits, compared.first_event, compared.event_name), 5) as details
from compared
join triage_days on triage_days.story = compared.story and triage_days.event_date = compared.event_date
group by compared.story, compared.event_date, compared.signal
