-- caller_copies: cross-account calls that both accounts logged (rule F). The role account's copy has only the caller's
-- ID; the caller's own copy has the same sharedEventID, second and caller.
-- Grain: one row per (event_key, own_event_key). `is_same_issuance`: both copies have the same issued key, or
-- neither has one and the caller's own copy still shows which session was issued or requested.

select
    redacted.event_key,
    redacted.credential_id,
    own.event_key as own_event_key,
    own.credential_id as own_credential_id,
    coalesce(
        coalesce(redacted.issued_access_key_id, '') = coalesce(own.issued_access_key_id, '')
        and (
            coalesce(own.issued_access_key_id, own.issued_principal_id) is not null
            or (own.target_role_arn is not null and own.requested_session_name is not null)
        )
        and redacted.error_code is null
        and own.error_code is null
        and coalesce(own.issued_access_key_id <> own.access_key_id, true),
        false
    ) as is_same_issuance
from telling_events redacted
join telling_events own
  on  own.shared_event_id = redacted.shared_event_id
  and own.event_time = redacted.event_time
  and own.principal_id = redacted.principal_id
  and own.account_id = redacted.account_id
where redacted.identity_type = 'AWSAccount'
  and own.identity_type <> 'AWSAccount'
  and not redacted.unreliable
  and not own.unreliable
  -- a rebuilt record never replaces one as logged
  and (redacted.is_rebuilt or not own.is_rebuilt)
