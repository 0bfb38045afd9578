-- Add the signal sign_in_without_mfa: console sign-ins of users and root without MFA. The strength is the share of
-- sign-ins of the case with MFA, in full for a user who signed in with it. Grain: one row per (story, day).
insert into triage_signals
with sign_ins as (
    select story, event_date, event_time, event_key, event_id, coalesce(mfa_used = 'Yes', false) as has_mfa
    from triage_records
    where event_name = 'ConsoleLogin'
      and outcome = 'succeeded'
      and identity_type in ('IAMUser', 'Root')
),

compared as (
    select
        sign_ins.*,
        avg(case when has_mfa then 1.0 else 0.0 end) over () as share_with_mfa,
        max(has_mfa) over (partition by story) as is_used,
        row_number() over (partition by story order by event_time, event_key) as place
    from sign_ins
)

select
    story,
    event_date,
    'sign_in_without_mfa' as signal,
    max(share_with_mfa * case when is_used then 1.0 when place = 1 then 0.7 else 0.2 end) as strength,
    count(*) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    arg_min(event_id, (event_time, event_key), 3) as event_ids,
    [] as details
from compared
where not has_mfa
group by story, event_date
