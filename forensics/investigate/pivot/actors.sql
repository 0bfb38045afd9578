-- The actors behind the calls of a page, ordered by their first call. Calls of unknown actors are grouped by role or
-- user. Grain: one row per actor, role or user. `grade`: the lowest of the calls; `event_ids`: the first and the last
-- call. $most: the number of rows; the busiest actors are kept.
with graded as (
    select *, array_position(['proven', 'strong', 'medium', 'weak', 'none'], grade) as grade_rank
    from pivot_calls
),

counted as (
    select
        {
            kind: actor_kind,
            id: min(actor_id),
            name: arg_max(actor_name, (event_time, event_key)),
            arn: arg_max(actor_arn, (event_time, event_key)),
            -- the record of a sign-in with SAML has no account
            account_id: case when min(actor_account_id) = max(actor_account_id) then min(actor_account_id) end,
            workload_type: min(actor_workload_type),
            issuer: min(actor_issuer),
            provider: min(actor_provider),
            identity_store_arn: min(actor_identity_store_arn)
        } as actor,
        case when actor_kind = 'unknown' then principal end as principal,
        arg_max(grade, grade_rank) as grade,
        count(*) as events,
        count(*) filter (outcome = 'succeeded') as succeeded,
        count(*) filter (outcome = 'denied') as denied,
        count(*) filter (outcome = 'failed') as failed,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        arg_min(event_id, (event_time, event_key)) as first_event_id,
        nullif(arg_max(event_id, (event_time, event_key)), first_event_id) as last_event_id
    from graded
    group by
        actor_kind,
        qualified_actor_id,
        case when actor_kind = 'workload' then actor_account_id end,
        case when actor_kind = 'unknown' then principal end
)

select
    {
        actor: actor, principal: principal, grade: grade, succeeded: succeeded, denied: denied, failed: failed,
        first_use: first_use, last_use: last_use,
        event_ids: list_filter([first_event_id, last_event_id], lambda id: id is not null)
    } as listed,
    count(*) over () as total
from counted
qualify row_number() over (order by events desc, first_use, actor.id, principal) <= $most
order by first_use, actor.id, principal
