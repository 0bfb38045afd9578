-- revocations: what ended or restored a key, a user, a role, a password, a trust policy, or the sessions issued before
-- a time.
-- Grain: one row per event. Refused calls and unreliable records have no effect.

select
    telling_events.event_key,
    telling_events.event_id,
    telling_events.event_time,
    telling_events.event_name,
    telling_events.recipient_account_id as account_id,
    telling_events.target_access_key_id as access_key_id,
    telling_events.target_status as status,
    telling_events.target_user_name as user_name,
    user_changes.user_principal_id,
    telling_events.target_role_name as role_name,
    telling_events.revoked_before
from telling_events
left join user_changes on user_changes.event_key = telling_events.event_key
where telling_events.event_source = 'iam.amazonaws.com'
  and (
      telling_events.event_name in (
          'UpdateAccessKey', 'DeleteAccessKey', 'DeleteUser', 'DeleteRole', 'DeleteLoginProfile',
          'UpdateAssumeRolePolicy'
      )
      or telling_events.revoked_before is not null
  )
  and telling_events.error_code is null
  and not telling_events.unreliable
