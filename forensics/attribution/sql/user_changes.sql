-- user_changes: what was done to each IAM user beside its access keys: made, deleted, its password, its policies, its
-- MFA.
-- Grain: one row per event. Refused attempts are rows too, where the refusal names the user.

select
    event_key,
    recipient_account_id as account_id,
    target_user_name as user_name,
    target_principal_id as user_principal_id,
    event_time,
    event_name,
    target_policy as policy,
    error_code,
    error_code is null and not unreliable as succeeded,
    credential_id as by_credential_id,
    access_key_id as by_access_key_id
from telling_events
where event_source = 'iam.amazonaws.com'
  and event_name in (
      'CreateUser', 'UpdateUser', 'DeleteUser',
      'CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile',
      'AttachUserPolicy', 'DetachUserPolicy', 'PutUserPolicy', 'DeleteUserPolicy',
      'DeactivateMFADevice'
  )
  and target_user_name is not null
