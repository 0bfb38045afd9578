-- title: Users that AWS quarantined
-- question: Which users did AWS quarantine because a key was public, and who detached the quarantine policy?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1552
-- columns: event_time, account_id, user_name, user_principal_id, event_name, policy, succeeded, by_actor,
--   by_actor_kind, in_force, event_id

with known as (
    select account_id, lower(user_name) as user_name, principal_id as user_id
    from credentials
    where identity_type = 'IAMUser'
      and principal_id is not null

    union

    select account_id, lower(user_name), user_principal_id
    from user_changes
    where user_principal_id is not null
),

names as (
    select account_id, user_name, min(user_id) as user_id, count(*) as users
    from known
    group by account_id, user_name
),

changes as (
    select
        user_changes.*,
        -- null if several users had this name
        case
            when user_changes.user_principal_id is not null then user_changes.user_principal_id
            when names.users is null then lower(user_changes.user_name)
            when names.users = 1 then names.user_id
        end as bearer
    from user_changes
    left join names on names.account_id = user_changes.account_id and names.user_name = lower(user_changes.user_name)
    where user_changes.policy like '%AWSCompromisedKeyQuarantine%'
),

last_changes as (
    select account_id, bearer, event_time, event_name
    from changes
    where succeeded
      and bearer is not null
    qualify row_number() over (partition by account_id, bearer order by event_time desc, event_key desc) = 1
),

-- users whose last change may have been reversed: a later change names only a user name that they had
doubtful as (
    select distinct last_changes.account_id, last_changes.bearer
    from last_changes
    join known on known.account_id = last_changes.account_id and known.user_id = last_changes.bearer
    join changes
      on  changes.account_id = known.account_id
      and lower(changes.user_name) = known.user_name
      and changes.bearer is null
      and changes.succeeded
      and changes.event_time >= last_changes.event_time
      and changes.event_name <> last_changes.event_name
)

select
    changes.event_time,
    changes.account_id,
    changes.user_name,
    changes.user_principal_id,
    changes.event_name,
    changes.policy,
    changes.succeeded,
    coalesce(events.actor_name, events.actor_id) as by_actor,
    events.actor_kind as by_actor_kind,
    -- null if the user of the last change is not certain
    case when doubtful.bearer is null then last_changes.event_name = 'AttachUserPolicy' end as in_force,
    events.event_id
from changes
join filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
  on  events.event_key = changes.event_key
left join last_changes on last_changes.account_id = changes.account_id and last_changes.bearer = changes.bearer
left join doubtful on doubtful.account_id = changes.account_id and doubtful.bearer = changes.bearer
order by changes.event_time, changes.event_key
