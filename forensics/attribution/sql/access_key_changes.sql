-- access_key_changes: status changes of each long-term key or service-specific credential: created, activated,
-- deactivated, reset (a new secret), deleted, and refused calls.
-- Grain: one row per event. `access_key_id` is null if the record names no key. `succeeded`
-- is false for a refused call and for an unreliable record.

select
    event_key,
    coalesce(created_access_key_id, target_access_key_id) as access_key_id,
    recipient_account_id as account_id,
    target_user_name as user_name,
    coalesce(target_user_name is null and target_principal_id = recipient_account_id, false) as is_root_key,
    event_time,
    event_name,
    case
        when event_name like 'Create%' then 'created'
        when event_name like 'Delete%' then 'deleted'
        when event_name = 'ResetServiceSpecificCredential' then 'reset'
        when target_status = 'Active' then 'activated'
        when target_status = 'Inactive' then 'deactivated'
        else 'changed'
    end as change,
    created_key_service as service_name,
    created_key_expires_at as expires_at,
    error_code,
    error_code is null and not unreliable as succeeded,
    credential_id as by_credential_id,
    access_key_id as by_access_key_id,
    arn as by_arn,
    identity_type as by_identity_type
from telling_events
where event_source = 'iam.amazonaws.com'
  and event_name in (
      'CreateAccessKey', 'UpdateAccessKey', 'DeleteAccessKey',
      'CreateServiceSpecificCredential', 'UpdateServiceSpecificCredential', 'ResetServiceSpecificCredential',
      'DeleteServiceSpecificCredential'
  )
