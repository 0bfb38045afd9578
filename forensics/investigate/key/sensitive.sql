-- Sensitive calls by action. $uses: the table of a key's calls; $most: number of cited events and resources for each
-- action, from the first; $signals, $weights: the table of weights. A call signed by a long-term key has no MFA.
-- `score` is the weight of the action's signal, plus that of planted access if the call created a key, user or
-- password. It is divided by the square root of the number of actors that made the call, and again by that of its rank
-- within its signal. If all calls were refused, it is a quarter.
-- Grain: one row per (event_source, event_name).
with weights as (
    select unnest($signals::varchar[]) as signal, unnest($weights::double[]) as weight
),

called as (
    select
        sensitive_signals.tactic,
        sensitive_signals.technique,
        sensitive_signals.technique_name,
        sensitive_signals.signal,
        plantings.event_key is not null as is_planting,
        key_uses.*,
        row_number() over (
            partition by key_uses.event_source, key_uses.event_name order by key_uses.event_time, key_uses.event_key
        ) as place
    from query_table($uses) as key_uses
    join sensitive_signals
      on  sensitive_signals.event_source = key_uses.event_source
      and sensitive_signals.event_name = key_uses.event_name
    left join (select distinct event_key from plantings where kind <> 'role') as plantings
      on  plantings.event_key = key_uses.event_key
),

counted as (
    select
        tactic,
        technique,
        technique_name,
        signal,
        event_source,
        event_name,
        bool_or(is_planting) as has_planted,
        count(case when outcome = 'succeeded' then 1 end) as succeeded,
        count(case when outcome = 'denied' then 1 end) as denied,
        count(case when outcome = 'failed' then 1 end) as failed,
        min(case when is_long_term then false else mfa_authenticated end) as mfa_authenticated,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        count(distinct coalesce(object, resource)) as resources_total,
        coalesce(list_sort(list(distinct resource) filter (where resource is not null and place <= $most)), [])
            as resources,
        coalesce(list(event_id order by place) filter (where event_id is not null and place <= $most), []) as event_ids
    from called
    group by tactic, technique, technique_name, signal, event_source, event_name
),

weighed as (
    select
        counted.*,
        coalesce(sensitive_callers.callers, 0) as callers,
        (coalesce(weights.weight, 1.0) + case when counted.has_planted then planting.weight else 0.0 end)
            / sqrt(coalesce(sensitive_callers.callers, 1))
            * case when counted.succeeded > 0 then 1.0 else 0.25 end as weight
    from counted
    join weights as planting on planting.signal = 'planted_access'
    left join weights on weights.signal = counted.signal
    left join sensitive_callers
      on  sensitive_callers.event_source = counted.event_source
      and sensitive_callers.event_name = counted.event_name
)

select
    * exclude (signal, has_planted, weight),
    round(
        weight
            / sqrt(row_number() over (partition by signal order by weight desc, first_use, event_source, event_name)),
        3
    ) as score
from weighed
order by tactic, technique, event_source, event_name
