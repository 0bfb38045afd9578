-- title: Users that AWS put into quarantine
-- question: Did AWS find a key in public and attach its quarantine policy, to whom, and did anybody take it off?
-- techniques: T1552
-- columns: event_time, account_id, user_name, user_principal_id, event_name, policy, succeeded, by_actor,
--   by_actor_kind, in_force, event_id

select
    user_changes.event_time,
    user_changes.account_id,
    user_changes.user_name,
    user_changes.user_principal_id,
    user_changes.event_name,
    user_changes.policy,
    user_changes.succeeded,
    coalesce(actors.actor_name, actors.actor_id) as by_actor,
    actors.actor_kind as by_actor_kind,
    -- the last change that succeeded
    last_value(case when user_changes.succeeded then user_changes.event_name end ignore nulls) over (
        partition by user_changes.account_id, coalesce(user_changes.user_principal_id, user_changes.user_name)
        order by user_changes.event_time, user_changes.event_key
        rows between unbounded preceding and unbounded following
    ) = 'AttachUserPolicy' as in_force,
    evidence.event_id
from user_changes
left join actors on actors.credential_id = user_changes.by_credential_id
left join evidence on evidence.event_key = user_changes.event_key
where user_changes.policy like '%AWSCompromisedKeyQuarantine%'
order by user_changes.event_time, user_changes.event_key
