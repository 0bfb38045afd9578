-- identity_center_names: the user names of Identity Center users, as AWS logs them after a successful sign-in.
-- Grain: one row per user of a store. A name is a label, never a join: a renamed user has the name of the last sign-in.

select
    on_behalf_of_user_id as user_id,
    identity_store_arn,
    -- cut off the time, which is the prefix
    substr(max(strftime(event_time, '%Y-%m-%d %H:%M:%S') || subject), 20) as user_name
from telling_events
where event_source = 'signin.amazonaws.com'
  and event_name in ('UserAuthentication', 'CredentialVerification')
  and sign_in_result = 'Success'
  and subject is not null
  and on_behalf_of_user_id is not null
  and identity_store_arn is not null
  and not unreliable
group by on_behalf_of_user_id, identity_store_arn
