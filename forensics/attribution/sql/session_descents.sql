-- session_descents: further keys of a session, below its other keys: keys that services used on its behalf, keys that
-- AWS issued after a sign-in with it, and keys of which no issuance is loaded.
-- Grain: one row per (parent_id, child_id, relation, event_key).

with forwarded_in_session as (
    select
        own.credential_id as parent_id,
        forwarded.credential_id as child_id,
        'forward_access' as relation,
        false as is_certain,
        forwarded.named_by_event_key as event_key
    from credentials forwarded
    join credentials own
      on  own.principal_id = forwarded.principal_id
      and own.session_creation_date = forwarded.session_creation_date
      and own.account_id = forwarded.account_id
      and own.access_key_id <> forwarded.access_key_id
      and own.identity_type = forwarded.identity_type
    where forwarded.events > 0
      and forwarded.direct_events = 0
      and (own.direct_events > 0 or own.events = 0)
      -- a key that a logged event issued is not a forwarded one
      and not exists (
          select 1 from links
          where links.child_credential_id = forwarded.credential_id and links.is_chosen and links.rule = 'issued_key'
      )
),

-- keys that AWS issued after the session requested a token or a sign-in: below the session's other keys
opened as (
    select account_id, principal_id, session_creation_date, min(event_time) as opened_at, min(event_key) as event_key
    from telling_events
    where event_source = 'signin.amazonaws.com'
      and (
          event_name = 'CreateOAuth2Token'
          or (event_name = 'ConsoleLogin' and identity_type in ('AssumedRole', 'FederatedUser'))
      )
      and sign_in_result = 'Success'
      and session_creation_date is not null
      and principal_id is not null
      and not unreliable
    group by account_id, principal_id, session_creation_date
),

signed_in_with as (
    select
        sooner.credential_id as parent_id,
        later.credential_id as child_id,
        'console_session' as relation,
        false as is_certain,
        opened.event_key
    from opened
    join credentials sooner
      on  sooner.principal_id = opened.principal_id
      and sooner.session_creation_date = opened.session_creation_date
      and sooner.account_id = opened.account_id
    join credentials later
      on  later.principal_id = opened.principal_id
      and later.session_creation_date = opened.session_creation_date
      and later.account_id = opened.account_id
      and later.credential_id <> sooner.credential_id
    where sooner.access_key_id is not null
      and later.access_key_id is not null
      and coalesce(sooner.first_use <= opened.opened_at, true)
      and later.first_use >= opened.opened_at
      and later.direct_events > 0
      and not exists (
          select 1 from links
          where links.child_credential_id = later.credential_id and links.is_chosen and links.rule = 'issued_key'
      )
),

-- another key of a session whose request is loaded: that of a console session of which no sign-in is loaded, or of
-- another request in the same second
unexplained as (
    select
        links.child_credential_id as parent_id,
        credentials.credential_id as child_id,
        'console_session' as relation,
        false as is_certain,
        issuances.issuance_id as event_key
    from credentials
    join issuances
      on  issuances.issued_principal_id = credentials.principal_id
      and issuances.event_time = credentials.session_creation_date
      and issuances.issued_account_id = credentials.account_id
    join links
      on  links.issuance_id = issuances.issuance_id
      and links.is_chosen
    left join links own
      on  own.child_credential_id = credentials.credential_id
      and own.is_chosen
    left join opened
      on  opened.account_id = credentials.account_id
      and opened.principal_id = credentials.principal_id
      and opened.session_creation_date = credentials.session_creation_date
    where credentials.access_key_id is not null
      and credentials.direct_events > 0
      and own.child_credential_id is null
      and opened.principal_id is null
      and links.child_credential_id <> credentials.credential_id
)

select parent_id, child_id, relation, is_certain, event_key
from forwarded_in_session

union all

select parent_id, child_id, relation, is_certain, event_key
from signed_in_with

union all

select parent_id, child_id, relation, is_certain, event_key
from unexplained
