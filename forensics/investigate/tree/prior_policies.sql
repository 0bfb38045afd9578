-- For each trust policy of a tree: whether a credential of the tree created the role, and the last policy before it
-- that no credential of the tree set, since the role was created. $ids: planting IDs of the tree. Grain: one row per
-- policy.
with policies as (
    select
        'role|' || event_key as planting_id,
        account_id,
        lower(role_name) as role_name,
        event_key,
        event_time,
        event_name = 'CreateRole' as is_creation,
        'role|' || event_key in (select unnest($ids)) as is_inside,
        {event_id: event_id, event_name: event_name, event_time: event_time} as setting
    from trust_policies
),

roles as (
    select distinct account_id, role_name
    from policies
    where is_inside
),

-- roles of one name, by number; within a second, a role is created before its policy is changed
numbered as (
    select
        policies.*,
        count(case when is_creation then 1 end) over (
            partition by policies.account_id, policies.role_name
            order by event_time, is_creation desc, event_key
            rows between unbounded preceding and current row
        ) as creation_number
    from policies
    join roles on roles.account_id = policies.account_id and roles.role_name = policies.role_name
),

compared as (
    select
        planting_id,
        is_inside,
        coalesce(max(case when is_creation then is_inside end) over (
            partition by account_id, role_name, creation_number
        ), false) as is_of_created_role,
        last_value(case when not is_inside then setting end ignore nulls) over (
            partition by account_id, role_name, creation_number
            order by event_time, is_creation desc, event_key
            rows between unbounded preceding and current row
        ) as prior
    from numbered
)

select
    planting_id,
    is_of_created_role,
    prior.event_id as event_id,
    prior.event_name as event_name,
    prior.event_time::timestamp as event_time
from compared
where is_inside
order by planting_id
