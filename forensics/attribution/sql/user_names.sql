-- user_names: the names of IAM users over time. The user possibly had the name from `possible_from` to
-- `possible_until`. If `is_sure` is true, the user certainly had the name at each time that is not before `made_at`, is
-- after `freed_at` and is before `held_until`. A null is not a limit. `named_users` finds the user of an event by its
-- name if one user certainly had the name then, and no other user possibly had it.
-- Grain: one row per (account_id, name, principal_id, taken_by): one for a user's calls, one for each event that gave
-- the user the name. `name` is in lower case, because IAM does not distinguish names by case. `is_sure` is false if the
-- user may have lost the name before the last record with it, or if another user was possibly renamed instead.

with called as (
    select *
    from credential_days
    where first_identity_type = 'IAMUser'
      and last_identity_type = 'IAMUser'
      and user_name is not null
      and principal_id is not null
),

-- a user that was renamed on a day had each name from the first to the last event with that name
renamed_uses as (
    select
        events.account_id,
        lower(events.user_name) as name,
        min(events.user_name) as user_name,
        events.principal_id,
        min(events.arn) as arn,
        min(events.event_time) as first_use,
        max(events.event_time) as last_use,
        max(coalesce(events.session_creation_date, events.event_time)) as last_start,
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
    group by events.account_id, lower(events.user_name), events.principal_id
),

name_uses as (
    select
        account_id, lower(user_name) as name, user_name, principal_id, arn, first_use, last_use,
        coalesce(session_creation_date, last_use) as last_start, reliable_events, rebuilt_events
    from called
    where not is_renamed

    union all

    select
        account_id, name, user_name, principal_id, arn, first_use, last_use, last_start, reliable_events,
        rebuilt_events
    from renamed_uses
),

known as (
    select
        account_id,
        name,
        principal_id,
        cast(null as varchar) as taken_by,
        min(user_name) as user_name,
        min(arn) as arn,
        min(first_use) as first_known,
        max(last_use) as last_known,
        max(last_start) as last_start,
        sum(rebuilt_events) = sum(reliable_events) as is_rebuilt,
        true as is_certain,
        true as is_seen
    from name_uses
    group by account_id, name, principal_id

    union all

    select
        recipient_account_id,
        lower(target_user_name),
        target_principal_id,
        event_key,
        target_user_name,
        null,
        event_time,
        event_time,
        event_time,
        is_rebuilt,
        true,
        true
    from telling_events
    where event_name = 'CreateUser'
      and target_user_name is not null
      and target_principal_id is not null
      and error_code is null
      and not unreliable

    union all

    select
        account_id,
        lower(new_user_name),
        principal_id,
        event_key,
        new_user_name,
        null,
        event_time,
        event_time,
        event_time,
        is_rebuilt,
        is_certain,
        false
    from renamed_users
),

-- possible changes of the user of a name. An unreliable record is one, too
changes as (
    select
        recipient_account_id as account_id,
        lower(target_user_name) as name,
        event_time,
        event_name = 'CreateUser' as is_taken,
        not unreliable as is_certain
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in ('CreateUser', 'DeleteUser')
      and error_code is null

    union all

    select account_id, old_name, event_time, false, true
    from renamings
    where is_known and old_name <> new_name

    union all

    select account_id, new_name, event_time, true, true
    from renamings
    where is_known and old_name <> new_name

    union all

    -- an incomplete record of a renaming: possibly of any name of the account
    select account_id, null, event_time, false, false
    from renamings
    where not is_known
),

changed as (
    select known.account_id, known.name, known.principal_id, known.taken_by, known.first_known, known.last_known,
        changes.event_time, changes.is_taken, changes.is_certain
    from known
    join changes on changes.account_id = known.account_id and changes.name = known.name

    union all

    select known.account_id, known.name, known.principal_id, known.taken_by, known.first_known, known.last_known,
        changes.event_time, changes.is_taken, changes.is_certain
    from known
    join changes on changes.account_id = known.account_id and changes.name is null
),

limits as (
    select
        account_id,
        name,
        principal_id,
        taken_by,
        max(case when event_time <= first_known and is_taken then event_time end) as made_at,
        max(case when event_time <= first_known and not is_taken then event_time end) as freed_at,
        min(
            case
                when event_time < first_known then null
                when event_time = first_known and is_taken then null
                else event_time
            end
        ) as held_until,
        max(
            case
                when not is_certain or event_time > first_known then null
                when is_taken then event_time
                when event_time = first_known then null
                -- the next user with the name is another one, and has it from the next second on
                else event_time + interval 1 second
            end
        ) as possible_from,
        min(
            case
                when not is_certain or event_time < last_known then null
                when event_time = last_known and is_taken then null
                else event_time
            end
        ) as possible_until
    from changed
    group by account_id, name, principal_id, taken_by
),

held as (
    select
        known.*,
        limits.made_at,
        limits.freed_at,
        limits.held_until,
        limits.possible_from,
        limits.possible_until
    from known
    left join limits
      on  limits.account_id = known.account_id
      and limits.name = known.name
      and limits.principal_id = known.principal_id
      and coalesce(limits.taken_by, '') = coalesce(known.taken_by, '')
),

-- a user with another name at a time did not have this name then
other_names as (
    select
        known.account_id,
        known.name,
        known.principal_id,
        known.taken_by,
        max(case when other.last_use < known.first_known then other.last_use end) as last_before,
        min(case when other.first_use > known.last_known then other.first_use end) as first_after,
        min(case when other.first_use between known.first_known and known.last_known then other.first_use end)
            as first_between
    from known
    join name_uses as other
      on  other.account_id = known.account_id
      and other.principal_id = known.principal_id
      and other.name <> known.name
    group by known.account_id, known.name, known.principal_id, known.taken_by
),

bounded as (
    select
        held.account_id,
        held.name,
        held.principal_id,
        held.taken_by,
        held.user_name,
        held.arn,
        held.is_rebuilt,
        held.is_certain,
        held.is_seen,
        held.first_known,
        held.last_known,
        -- a session can show the name that its user had at its start, although the user has lost it since
        greatest(held.last_start, held.first_known) as last_sure,
        -- without a logged change since the other name, the name is certain only between the records that have it
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
      and other_names.name = held.name
      and other_names.principal_id = held.principal_id
      and coalesce(other_names.taken_by, '') = coalesce(held.taken_by, '')
)

select
    account_id,
    name,
    principal_id,
    taken_by,
    user_name,
    arn,
    is_rebuilt,
    made_at,
    freed_at,
    held_until,
    is_certain and coalesce(last_sure < held_until, true) as is_sure,
    possible_from,
    possible_until,
    -- the first and the last record in which the user has this name
    min(case when is_seen then first_known end) over of_user as seen_from,
    max(case when is_seen then last_known end) over of_user as seen_until,
    max(case when is_seen then last_sure end) over of_user as seen_at_start_until
from bounded
window of_user as (partition by account_id, name, principal_id)
