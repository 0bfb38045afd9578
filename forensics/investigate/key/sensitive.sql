-- Sensitive calls by action. $uses: the table of a key's calls; $most: number of cited events and resources for each
-- action, from the first. A call signed by a long-term key has no MFA.
with called as (
    select
        sensitive_actions.tactic,
        sensitive_actions.technique,
        sensitive_actions.technique_name,
        key_uses.*,
        row_number() over (
            partition by key_uses.event_source, key_uses.event_name order by key_uses.event_time, key_uses.event_key
        ) as place
    from query_table($uses) as key_uses
    join sensitive_actions
      on  sensitive_actions.event_source = key_uses.event_source
      and sensitive_actions.event_name = key_uses.event_name
)

select
    tactic,
    technique,
    technique_name,
    event_source,
    event_name,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome = 'denied' then 1 end) as denied,
    count(case when outcome = 'failed' then 1 end) as failed,
    min(case when is_long_term then false else mfa_authenticated end) as mfa_authenticated,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    count(distinct coalesce(object, resource)) as resources_total,
    coalesce(list_sort(list(distinct resource) filter (where resource is not null and place <= $most)), []) as resources,
    coalesce(list(event_id order by place) filter (where event_id is not null and place <= $most), []) as event_ids
from called
group by tactic, technique, technique_name, event_source, event_name
order by tactic, technique, event_source, event_name
