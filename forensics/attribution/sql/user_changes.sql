-- user_changes: what was done to each IAM user beside its access keys: made, deleted, its password, its policies, its
-- MFA.
-- Grain: one row per event. Refused attempts are rows too, where the refusal names the user. `user_principal_id` is
-- null unless it is known whose name it was at the change (see user_names). What took the name away is a change of
-- whoever had it, unless the same second holds another change of names.

with changes as (
    select *
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in (
          'CreateUser', 'UpdateUser', 'DeleteUser',
          'CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile',
          'AttachUserPolicy', 'DetachUserPolicy', 'PutUserPolicy', 'DeleteUserPolicy',
          'DeactivateMFADevice'
      )
      and target_user_name is not null
),

-- any name of the account by a renaming, which says only one of its names here
name_changes as (
    select
        event_key,
        recipient_account_id,
        event_time,
        case event_name when 'UpdateUser' then null else target_user_name end as user_name
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in ('CreateUser', 'DeleteUser', 'UpdateUser')
      and error_code is null
),

takings as (
    select changes.event_key
    from changes
    join name_changes
      on  name_changes.recipient_account_id = changes.recipient_account_id
      and name_changes.event_time = changes.event_time
      and coalesce(name_changes.user_name = changes.target_user_name, true)
    where changes.event_name in ('DeleteUser', 'UpdateUser')
    group by changes.event_key
    having min(name_changes.event_key) = changes.event_key
       and max(name_changes.event_key) = changes.event_key
),

users as (
    select changes.event_key, min(user_names.principal_id) as principal_id
    from changes
    left join takings on takings.event_key = changes.event_key
    join user_names
      on  user_names.account_id = changes.recipient_account_id
      and user_names.user_name = changes.target_user_name
      and coalesce(changes.event_time >= user_names.possible_from, true)
      and coalesce(changes.event_time <= user_names.possible_until, true)
    group by changes.event_key
    having min(user_names.principal_id) = max(user_names.principal_id)
       and max(
           user_names.is_sure
           and coalesce(changes.event_time >= user_names.made_at, true)
           and coalesce(changes.event_time > user_names.freed_at, true)
           and coalesce(
               changes.event_time < user_names.held_until
                   or (changes.event_time = user_names.held_until and takings.event_key is not null),
               true
           )
       )
)

select
    changes.event_key,
    changes.recipient_account_id as account_id,
    changes.target_user_name as user_name,
    coalesce(changes.target_principal_id, users.principal_id) as user_principal_id,
    changes.event_time,
    changes.event_name,
    changes.target_policy as policy,
    changes.error_code,
    changes.error_code is null and not changes.unreliable as succeeded,
    changes.credential_id as by_credential_id,
    changes.access_key_id as by_access_key_id
from changes
left join users on users.event_key = changes.event_key
