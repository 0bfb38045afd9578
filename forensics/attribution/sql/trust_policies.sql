-- trust_policies: what a role's trust policy requires of its callers, by the event that set it.
-- Grain: one row per event. A requirement is null if the event does not show the policy.

select
    event_key,
    event_id,
    event_time,
    event_name,
    recipient_account_id as account_id,
    target_role_name as role_name,
    requires_source_identity,
    requires_session_name
from telling_events
where event_source = 'iam.amazonaws.com'
  and event_name in ('CreateRole', 'UpdateAssumeRolePolicy')
  and target_role_name is not null
  and error_code is null
  and not unreliable
