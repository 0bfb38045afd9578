-- named_users: the IAM user that an event identifies only by name, if only one user can have had the name at that time.
-- Grain: one row per event. Events for which no user, or more than one user, is possible have no row. If `is_certain`,
-- records before and after the event have this name for this user. If not, a deletion and a creation may be missing.

with naming as (
    select
        event_key,
        recipient_account_id as account_id,
        lower(target_user_name) as name,
        event_time,
        event_name in ('CreateUser', 'DeleteUser', 'UpdateUser') and error_code is null as changes_names
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and target_user_name is not null
      -- a user can have such a name, and a redaction may have written it for several users
      and not regexp_matches(target_user_name, '^(?i:redacted|hidden_.*|x{8,})$')

    union all

    select
        event_key,
        regexp_extract(switch_from_arn, '[0-9]{12}', 0),
        lower(regexp_extract(switch_from_arn, '[^/]+$', 0)),
        event_time,
        false
    from telling_events
    where switch_from_arn like 'arn:%:iam::%:user/%'
),

changes as (
    select event_key, recipient_account_id as account_id, event_time, lower(target_user_name) as name
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in ('CreateUser', 'DeleteUser')
      and error_code is null

    union all

    select event_key, account_id, event_time, case when is_known then old_name end from renamings
    union all
    select event_key, account_id, event_time, new_name from renamings where is_known
),

-- a renaming or deletion applies to the user that has the name, unless another change of names has the same second
only_changes as (
    select naming.event_key
    from naming
    join changes
      on  changes.account_id = naming.account_id
      and changes.event_time = naming.event_time
      and coalesce(changes.name = naming.name, true)
    where naming.changes_names
    group by naming.event_key
    having min(changes.event_key) = naming.event_key
       and max(changes.event_key) = naming.event_key
)

select
    naming.event_key,
    min(user_names.principal_id) as principal_id,
    min(user_names.user_name) as user_name,
    min(user_names.arn) as arn,
    max(user_names.is_rebuilt) as is_rebuilt,
    coalesce(max(naming.event_time between user_names.seen_from and user_names.seen_until), false) as is_certain
from naming
left join only_changes on only_changes.event_key = naming.event_key
join user_names
  on  user_names.account_id = naming.account_id
  and user_names.name = naming.name
  and coalesce(naming.event_time >= user_names.possible_from, true)
  and coalesce(naming.event_time <= user_names.possible_until, true)
group by naming.event_key
having min(user_names.principal_id) = max(user_names.principal_id)
   and max(
       user_names.is_sure
       and coalesce(naming.event_time >= user_names.made_at, true)
       and coalesce(naming.event_time > user_names.freed_at, true)
       and coalesce(
           naming.event_time < user_names.held_until
               or (naming.event_time = user_names.held_until and only_changes.event_key is not null),
           true
       )
   )
