-- Calls in IAM that changed, or tried to change, a user or role. Calls that are known to be about another user or role
-- of the same name are left out; `is_certain` is false if a call may be about one. `unreliable`: the record proves
-- nothing. Grain: one row per event. $account: the account of the user or role; $users, $role_names: its names in lower
-- case, one of the two lists is empty; $id: the unique ID of the user or role, or null; $since, $until: times; $most:
-- the number of rows, the earliest first.
with changes as (
    select *, case when event_name in ('CreateUser', 'CreateRole') then target_principal_id end as created_id
    from attributed_events
    where event_source = 'iam.amazonaws.com'
      and recipient_account_id = $account
      and not coalesce(read_only, false)
      and (
          lower(target_user_name) in (select unnest($users::varchar[]))
          or lower(new_user_name) in (select unnest($users::varchar[]))
          or lower(target_role_name) in (select unnest($role_names::varchar[]))
      )
      and ($since::varchar is null or event_time >= $since::timestamptz)
      and ($until::varchar is null or event_time < $until::timestamptz)
),

namesake_ids as (
    select principal_id
    from user_names
    where account_id = $account and name in (select unnest($users::varchar[]))

    union

    select session_issuer_principal_id
    from credentials
    where account_id = $account
      and session_issuer_type = 'Role'
      and lower(regexp_extract(session_issuer_arn, '[^/]+$', 0)) in (select unnest($role_names::varchar[]))

    union

    select created_id
    from changes
),

namesakes as (
    select count(distinct principal_id) as principals
    from namesake_ids
)

select
    {
        event_id: changes.event_id,
        event_time: changes.event_time::timestamp,
        event_name: changes.event_name,
        outcome: changes.outcome,
        error_code: changes.error_code,
        target: coalesce(
            changes.created_access_key_id,
            nullif(concat_ws(' ', changes.target_access_key_id, changes.target_status), ''),
            changes.target_policy,
            changes.new_user_name
        ),
        actor: {
            kind: changes.actor_kind,
            id: changes.actor_id,
            name: changes.actor_name,
            arn: changes.actor_arn,
            account_id: changes.actor_account_id,
            workload_type: changes.actor_workload_type,
            issuer: changes.actor_issuer,
            provider: changes.actor_provider,
            identity_store_arn: changes.actor_identity_store_arn
        },
        grade: changes.grade,
        by_access_key_id: changes.access_key_id,
        is_certain: coalesce(
            changes.created_id = $id, user_changes.user_principal_id = $id, (select principals from namesakes) <= 1
        ),
        unreliable: changes.unreliable
    } as listed,
    count(*) over () as total
from changes
left join user_changes on user_changes.event_key = changes.event_key
where coalesce(changes.created_id = $id, user_changes.user_principal_id = $id, true)
order by changes.event_time, changes.event_key
limit $most
