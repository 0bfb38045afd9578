-- Create the view of sensitive actions with the signal of each, which decides its weight in `triage` and `key`.
-- Grain: one row per (event_source, event_name).
create or replace temporary view sensitive_signals as
select
    event_source,
    event_name,
    tactic,
    technique,
    technique_name,
    case
        when technique like 'T1496%' then 'cost_abuse'
        -- a copy of a disk or database
        when technique = 'T1578.001' then 'data_access'
        when tactic in ('credential_access', 'collection', 'exfiltration') then 'data_access'
        when tactic in ('execution', 'lateral_movement') then 'execution'
        when tactic = 'defense_evasion' then 'evasion'
        when tactic = 'impact' then 'destruction'
        else tactic
    end as signal
from sensitive_actions
