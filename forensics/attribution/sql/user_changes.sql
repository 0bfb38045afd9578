-- user_changes: what was done to each IAM user besides its access keys: created, renamed, deleted, its password,
-- policies and MFA devices.
-- Grain: one row per event. Refused calls are rows, too, where the refusal names the user. `user_principal_id` is null
-- unless the user is known (`named_users`).

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
)

select
    changes.event_key,
    changes.recipient_account_id as account_id,
    changes.target_user_name as user_name,
    coalesce(changes.target_principal_id, named_users.principal_id) as user_principal_id,
    changes.event_time,
    changes.event_name,
    changes.target_policy as policy,
    changes.error_code,
    changes.error_code is null and not changes.unreliable as succeeded,
    changes.credential_id as by_credential_id,
    changes.access_key_id as by_access_key_id
from changes
left join named_users on named_users.event_key = changes.event_key
