-- token_descents: session tokens and federation tokens without a loaded request, below the long-term keys of their
-- user: AWS STS issues such tokens only for long-term keys. A session in the console began with a sign-in instead.
-- Grain: one row per (parent_id, child_id).

with requested as (
    select distinct child_credential_id
    from links
),

tokens as (
    select
        credentials.credential_id,
        credentials.account_id,
        case
            when credentials.identity_type = 'FederatedUser' then 'federation_token'
            else 'session_token'
        end as relation,
        case
            when credentials.identity_type = 'FederatedUser' then credentials.session_issuer_principal_id
            else credentials.principal_id
        end as user_id,
        credentials.session_creation_date,
        credentials.named_by_event_key as event_key
    from credentials
    left join requested on requested.child_credential_id = credentials.credential_id
    left join in_console
      on  in_console.account_id = credentials.account_id
      and in_console.principal_id = credentials.principal_id
      and in_console.session_creation_date = credentials.session_creation_date
    where credentials.access_key_id like 'ASIA%'
      and credentials.identity_type in ('FederatedUser', 'IAMUser', 'Root')
      and credentials.direct_events > 0
      and not credentials.assumed_root
      and requested.child_credential_id is null
      and (in_console.principal_id is null or credentials.identity_type = 'FederatedUser')
)

select
    long_term.credential_id as parent_id,
    tokens.credential_id as child_id,
    tokens.relation,
    false as is_certain,
    tokens.event_key
from tokens
join credentials long_term
  on  long_term.account_id = tokens.account_id
  and long_term.principal_id = tokens.user_id
left join access_keys
  on  access_keys.access_key_id = long_term.access_key_id
  and access_keys.account_id = long_term.account_id
where long_term.access_key_id like 'AKIA%'
  and coalesce(access_keys.created_at <= tokens.session_creation_date, true)
