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

-- a user that was renamed on a day has each name from the first to the last event with that name
renamed_uses as (
    select
        events.account_id,
        events.user_name,
        events.principal_id,
        min(events.arn) as arn,
        min(events.event_time) as first_use,
        max(events.event_time) as last_use,
        count(*) as reliable_events,
        count(case when events.delivery = 'rebuilt' then 1 end) as rebuilt_events
    from events
    join called
      on  called.credential_id = events.credential_id
      and called.event_date = events.event_date
    where called.is_renamed
      and events.identity_type = 'IAMUser'
      and events.user_name is not null
      and not events.unreliable
    group by events.account_id, events.user_name, events.principal_id
),

name_uses as (
    select account_id, user_name, principal_id, arn, first_use, last_use, reliable_events, rebuilt_events
    from called
    where not is_renamed

    union all

    select account_id, user_name, principal_id, arn, first_use, last_use, reliable_events, rebuilt_events
    from renamed_uses
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
        min(known.first_known) as first_known,
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
),

-- while a user had another name, it did not have this one
other_names as (
    select
        known.account_id,
        known.user_name,
        known.principal_id,
        known.is_creation,
        max(case when other.last_use < known.first_known then other.last_use end) as last_before,
        min(case when other.first_use > known.last_known then other.first_use end) as first_after,
        min(case when other.first_use between known.first_known and known.last_known then other.first_use end)
            as first_between
    from known
    join name_uses as other
      on  other.account_id = known.account_id
      and other.principal_id = known.principal_id
      and other.user_name <> known.user_name
    group by known.account_id, known.user_name, known.principal_id, known.is_creation
),

bounded as (
    select
        held.account_id,
        held.user_name,
        held.principal_id,
        held.is_creation,
        held.arn,
        held.is_rebuilt,
        held.first_known,
        held.last_known,
        -- unless a change of the name since then is logged, it is certain only between its own events
        case
            when coalesce(
                other_names.last_before >= greatest(held.made_at, held.freed_at), other_names.last_before is not null
            )
                then held.first_known
            else held.made_at
        end as made_at,
        held.freed_at,
        case
            when other_names.first_between is not null then least(other_names.first_between, held.held_until)
            when coalesce(held.held_until >= other_names.first_after, other_names.first_after is not null)
                then held.last_known + interval 1 second
            else held.held_until
        end as held_until,
        greatest(held.possible_from, other_names.last_before) as possible_from,
        least(held.possible_until, other_names.first_after) as possible_until
    from held
    left join other_names
      on  other_names.account_id = held.account_id
      and other_names.user_name = held.user_name
      and other_names.principal_id = held.principal_id
      and other_names.is_creation = held.is_creation
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
    possible_until,
    -- the first and the last record in which the user has this name
    min(first_known) over (partition by account_id, user_name, principal_id) as seen_from,
    max(last_known) over (partition by account_id, user_name, principal_id) as seen_until
from bounded
