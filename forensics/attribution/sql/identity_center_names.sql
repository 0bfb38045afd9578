-- identity_center_names: the user names of Identity Center users, as AWS logs them after a successful sign-in.
-- Grain: one row per sign-in of a user of an identity store. A name is a label; no model joins on it. The name of a
-- renamed user is that of the last sign-in before the session.

select
    on_behalf_of_user_id as user_id,
    identity_store_arn,
    event_time as signed_in_at,
    -- null if the sign-ins of one second have different names
    case when min(subject) = max(subject) then min(subject) end as user_name
from telling_events
where event_source = 'signin.amazonaws.com'
  and event_name in ('UserAuthentication', 'CredentialVerification')
  and sign_in_result = 'Success'
  and subject is not null
  and on_behalf_of_user_id is not null
  and identity_store_arn is not null
  and not unreliable
group by on_behalf_of_user_id, identity_store_arn, event_time
