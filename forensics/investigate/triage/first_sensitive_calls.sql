-- Signal per tactic: sensitive calls that succeeded and that a story made for the first time a day or more after the
-- case begins. `strength` falls with the number of stories that make the same call in the case.
-- Grain: one row per (story, tactic).
with beginnings as (
    select min(first_event) as first_in_case
    from triage_calls
),

sensitive as (
    select
        calls.story,
        sensitive_actions.tactic,
        calls.event_name,
        min(calls.first_event) as first_event,
        max(calls.last_event) as last_event,
        sum(calls.events)::bigint as events,
        arg_min(calls.first_event_id, (calls.first_event, calls.first_event_id)) as event_id
    from triage_calls calls
    join sensitive_actions
      on  sensitive_actions.event_source = calls.event_source
      and sensitive_actions.event_name = calls.event_name
    where calls.outcome = 'succeeded'
    group by calls.story, sensitive_actions.tactic, calls.event_name
),

rare as (
    select *, count(*) over (partition by tactic, event_name) as stories
    from sensitive
)

select
    rare.story,
    rare.tactic,
    sum(rare.events)::bigint as events,
    min(rare.first_event)::timestamp as first_event,
    max(rare.last_event)::timestamp as last_event,
    list(rare.event_id order by rare.first_event, rare.event_id)[:5] as event_ids,
    list(rare.event_name order by rare.stories, rare.first_event, rare.event_name)[:5] as details,
    least(1.0, sum(1.0 / rare.stories)) as strength
from rare
cross join beginnings
where rare.first_event >= beginnings.first_in_case + interval 24 hour
group by rare.story, rare.tactic
order by rare.story, rare.tactic
