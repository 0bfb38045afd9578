-- user_names: which IAM users had which name, and when. If `is_sure`, the name was certainly theirs from `made_at`,
-- after `freed_at` and before `held_until`; it was possibly theirs from `possible_from` to `possible_until`. Null means
-- no limit. The holder of a name is known if one user certainly had it and no other possibly (see named_users).
-- Grain: one row per (account_id, user_name, principal_id, is_creation): one for a user's calls, one for its creation.
-- `is_sure` is false if the user may have lost the name while it was still called by it.

with called as (
    select *
    from credential_days
    where first_identity_type = 'IAMUser'
      and last_identity_type = 'IAMUser'
      and user_name is not null
      and principal_id is not null
),

-- of a user that was renamed on a day, the first and the last name, each at the time of its event
name_uses as (
    select
        account_id,
        user_name,
        principal_id,
        arn,
        case when is_renamed then last_use else first_use end as first_use,
        last_use,
        reliable_events,
        rebuilt_events
    from called

    union all

    select account_id, first_user_name, principal_id, null, first_use, first_use, reliable_events, rebuilt_events
    from called
    where is_renamed
),

known as (
    select
        account_id,
        user_name,
        principal_id,
        min(arn) as arn,
        min(first_use) as first_known,
        max(last_use) as last_known,
        sum(rebuilt_events) = sum(reliable_events) as is_rebuilt,
        false as is_creation
    from name_uses
    group by account_id, user_name, principal_id

    union all

    select
        recipient_account_id,
        target_user_name,
        target_principal_id,
        cast(null as varchar),
        min(event_time),
        max(event_time),
        max(is_rebuilt),
        true
    from telling_events
    where event_name = 'CreateUser'
      and target_user_name is not null
      and target_principal_id is not null
      and error_code is null
      and not unreliable
    group by recipient_account_id, target_user_name, target_principal_id
),

-- when a name may have gone from one user to another. A renaming has two names, of which only one is a column here, so
-- it is a possible change of every name of the account. An unreliable record is a possible change of its name.
changes as (
    select
        recipient_account_id as account_id,
        case event_name when 'UpdateUser' then null else target_user_name end as user_name,
        event_time,
        event_name = 'CreateUser' as is_creation,
        -- a renaming is possible for every name, and an unreliable record may be false
        event_name <> 'UpdateUser' and not unreliable as is_certain
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in ('CreateUser', 'DeleteUser', 'UpdateUser')
      and error_code is null
),

held as (
    select
        known.account_id,
        known.user_name,
        known.principal_id,
        known.is_creation,
        min(known.arn) as arn,
        max(known.is_rebuilt) as is_rebuilt,
        max(known.last_known) as last_known,
        max(case when changes.event_time <= known.first_known and changes.is_creation then changes.event_time end)
            as made_at,
        max(case when changes.event_time <= known.first_known and not changes.is_creation then changes.event_time end)
            as freed_at,
        min(
            case
                when changes.event_time < known.first_known then null
                when changes.event_time = known.first_known and changes.is_creation then null
                else changes.event_time
            end
        ) as held_until,
        max(
            case
                when not changes.is_certain or changes.event_time > known.first_known then null
                when changes.is_creation then changes.event_time
                when changes.event_time = known.first_known then null
                -- a later holder of the name is not the deleted user
                else changes.event_time + interval 1 second
            end
        ) as possible_from,
        min(
            case
                when not changes.is_certain or changes.event_time < known.last_known then null
                when changes.event_time = known.last_known and changes.is_creation then null
                else changes.event_time
            end
        ) as possible_until
    from known
    left join changes
      on  changes.account_id = known.account_id
      and coalesce(changes.user_name = known.user_name, true)
    group by known.account_id, known.user_name, known.principal_id, known.is_creation
)

select
    account_id,
    user_name,
    principal_id,
    is_creation,
    arn,
    is_rebuilt,
    made_at,
    freed_at,
    held_until,
    coalesce(last_known < held_until, true) as is_sure,
    possible_from,
    possible_until
from held
