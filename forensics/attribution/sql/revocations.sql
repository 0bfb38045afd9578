-- revocations: what ended or restored a key, a user, a role, a password, a trust policy, or the sessions issued before
-- a time.
-- Grain: one row per event. Refused calls and unreliable records have no effect. IAM evaluates policies per request: a
-- revocation lasts until its policy is replaced or deleted, so these events are rows, too.

with revoking_policies as (
    select distinct recipient_account_id, target_user_name, target_role_name, target_policy
    from telling_events
    where revoked_before is not null
      and error_code is null
      and not unreliable
)

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
    telling_events.target_policy as policy,
    telling_events.revoked_before
from telling_events
left join user_changes on user_changes.event_key = telling_events.event_key
left join revoking_policies
  on  revoking_policies.recipient_account_id = telling_events.recipient_account_id
  and revoking_policies.target_policy = telling_events.target_policy
  and coalesce(revoking_policies.target_user_name, '') = coalesce(telling_events.target_user_name, '')
  and coalesce(revoking_policies.target_role_name, '') = coalesce(telling_events.target_role_name, '')
where telling_events.event_source = 'iam.amazonaws.com'
  and (
      telling_events.event_name in (
          'UpdateAccessKey', 'DeleteAccessKey', 'UpdateServiceSpecificCredential', 'DeleteServiceSpecificCredential',
          'DeleteUser', 'DeleteRole', 'DeleteLoginProfile',
          'UpdateAssumeRolePolicy'
      )
      or (
          telling_events.event_name in ('PutUserPolicy', 'PutRolePolicy', 'DeleteUserPolicy', 'DeleteRolePolicy')
          and revoking_policies.recipient_account_id is not null
      )
  )
  and telling_events.error_code is null
  and not telling_events.unreliable
