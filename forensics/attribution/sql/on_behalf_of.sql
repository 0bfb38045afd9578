-- on_behalf_of: the Identity Center user who signed in to a role session, if AWS names the user on any of its events.
-- Grain: one row per credential of such a session. Most events name the user; the other credentials of the session
-- inherit it. A session for which AWS names two users has none. A sign-in results in a session of a reserved role. A
-- session of any other role was requested by an application (ProvidedContexts), or with such a session: its user is a
-- claim. If the records omit the role's path, the user must have opened that permission set in the portal in the second
-- of the session's creation, and no principal of a customer may have requested such a session in that second.

with portal as (
    select on_behalf_of_user_id, identity_store_arn, event_time, issued_account_id, permission_set
    from telling_events
    where event_source = 'sso.amazonaws.com'
      and event_name in ('GetRoleCredentials', 'Federate')
      and error_code is null
      and not unreliable
      and not is_rebuilt
    group by on_behalf_of_user_id, identity_store_arn, event_time, issued_account_id, permission_set
),

requested_by_customers as (
    select issued_account_id, issued_principal_id, target_role_arn, requested_session_name, event_time
    from issuances
    where coalesce(caller_identity_type, '') not in ('SAMLUser', 'AWSService')
      and event_name = 'AssumeRole'
    group by issued_account_id, issued_principal_id, target_role_arn, requested_session_name, event_time
),

role_sessions as (
    select credentials.*
    from credentials
    left join portal
      on  portal.on_behalf_of_user_id = credentials.on_behalf_of_user_id
      and portal.identity_store_arn = credentials.identity_store_arn
      and portal.event_time = credentials.session_creation_date
      and portal.issued_account_id = credentials.account_id
      and credentials.session_issuer_arn like '%:role/AWSReservedSSO\_' || portal.permission_set || '\_%' escape '\'
    left join requested_by_customers
      on  requested_by_customers.event_time = credentials.session_creation_date
      and (
          (
              requested_by_customers.issued_account_id = credentials.account_id
              and requested_by_customers.issued_principal_id = credentials.principal_id
          )
          or (
              requested_by_customers.target_role_arn = credentials.session_issuer_arn
              and requested_by_customers.requested_session_name = credentials.role_session_name
          )
      )
    where credentials.identity_type = 'AssumedRole'
      and (
          -- the path follows the account: customers can create paths such as /:role/aws-reserved/
          regexp_matches(
              credentials.session_issuer_arn, '^arn:[^:]*:iam::[0-9]{12}:role/aws-reserved/sso[.]amazonaws[.]com/'
          )
          or (
              credentials.session_issuer_arn like 'arn:%:role/AWSReservedSSO\_%' escape '\'
              and portal.event_time is not null
              and requested_by_customers.event_time is null
          )
      )
),

sessions as (
    select
        account_id,
        principal_id,
        session_creation_date,
        min(on_behalf_of_user_id) as on_behalf_of_user_id,
        min(identity_store_arn) as identity_store_arn,
        min(on_behalf_of_event_key) as event_key
    from role_sessions
    where on_behalf_of_user_id is not null
      and session_creation_date is not null
    group by account_id, principal_id, session_creation_date
    having min(on_behalf_of_user_id) = max(on_behalf_of_user_id)
       and max(on_behalf_of_users) = 1
       and min(identity_store_arn) = max(identity_store_arn)
),

-- if several people requested a session of one name in one second, a key without the user may belong to any of them
asked_for_by_several as (
    select issued_account_id, issued_principal_id, event_time
    from issuances
    group by issued_account_id, issued_principal_id, event_time
    having min(coalesce(issuer, '') || '|' || coalesce(subject, '') || '|' || coalesce(caller_principal_id, ''))
        <> max(coalesce(issuer, '') || '|' || coalesce(subject, '') || '|' || coalesce(caller_principal_id, ''))
),

-- a key that a logged event issued has its own requester; but if AWS issues further keys for a session, the logged key
-- that is never used is the user's as well
issued as (
    select issued_access_key_id, issued_account_id, max(mints_keys) as mints_keys
    from issuances
    where issued_access_key_id is not null
    group by issued_access_key_id, issued_account_id
)

select
    credentials.credential_id,
    sessions.on_behalf_of_user_id,
    sessions.identity_store_arn,
    sessions.event_key
from credentials
join sessions
  on  sessions.account_id = credentials.account_id
  and sessions.principal_id = credentials.principal_id
  and sessions.session_creation_date = credentials.session_creation_date
left join asked_for_by_several
  on  asked_for_by_several.issued_account_id = credentials.account_id
  and asked_for_by_several.issued_principal_id = credentials.principal_id
  and asked_for_by_several.event_time = credentials.session_creation_date
left join issued
  on  issued.issued_access_key_id = credentials.access_key_id
  and issued.issued_account_id = credentials.account_id
  and (credentials.events > 0 or issued.mints_keys is null)
where credentials.on_behalf_of_user_id is not null
   or (asked_for_by_several.event_time is null and issued.issued_access_key_id is null)
