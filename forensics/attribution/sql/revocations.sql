-- revocations: what ended, or brought back, a key, a user, a role, a password, a trust policy, or sessions issued
-- before some time. Grain: one row per event. Refused calls and unreliable records end nothing.

select
    event_key,
    event_id,
    event_time,
    event_name,
    recipient_account_id as account_id,
    target_access_key_id as access_key_id,
    target_status as status,
    target_user_name as user_name,
    target_role_name as role_name,
    revoked_before
from telling_events
where event_source = 'iam.amazonaws.com'
  and (
      event_name in (
          'UpdateAccessKey', 'DeleteAccessKey', 'DeleteUser', 'DeleteRole', 'DeleteLoginProfile',
          'UpdateAssumeRolePolicy'
      )
      or revoked_before is not null
  )
  and error_code is null
  and not unreliable
