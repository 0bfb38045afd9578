-- issuance_events: the events that tell of one issuance: its own, and the role account's copies of it.
-- Grain: one row per (issuance_id, event_key).

select issuance_id, issuance_id as event_key
from issuances

union

select issuances.issuance_id, redacted.event_key
from issuances
join events redacted
  on  redacted.shared_event_id = issuances.shared_event_id
  and redacted.issued_access_key_id = issuances.issued_access_key_id
  and redacted.event_time = issuances.event_time
  and redacted.principal_id = issuances.caller_principal_id
  and redacted.account_id = issuances.caller_account_id
where not issuances.is_redacted
  and redacted.identity_type = 'AWSAccount'
  and redacted.error_code is null
  and not redacted.unreliable
