-- The credentials of a tree, with their issuances. $ids: credential IDs. Each table is filtered before it is joined.
with selected as materialized (
    select * from credentials where credential_id in (select unnest($ids))
),

selected_actors as materialized (
    select credential_id, actor_kind, actor_id, actor_arn from actors where credential_id in (select unnest($ids))
),

selected_links as materialized (
    select child_credential_id, rule, issuance_id, is_in_console, is_chosen
    from links
    where child_credential_id in (select unnest($ids))
),

chosen as materialized (
    select * from selected_links where is_chosen
),

chosen_issuances as materialized (
    select
        issuance_id, event_source, event_name, caller_invoked_by, event_time, expires_at, target_role_arn,
        caller_principal_id, caller_arn
    from issuances
    where issuance_id in (select issuance_id from chosen)
)

select
    credentials.credential_id as id,
    credentials.access_key_id,
    credentials.principal_id,
    credentials.arn,
    credentials.account_id,
    credentials.identity_type,
    credentials.user_name,
    -- a federated user has the permissions of its requester, also where its own records do not name the requester
    coalesce(
        credentials.session_issuer_arn,
        case credentials.identity_type when 'FederatedUser' then issuances.caller_arn end
    ) as session_issuer_arn,
    case credentials.identity_type
        when 'FederatedUser' then coalesce(credentials.session_issuer_principal_id, issuances.caller_principal_id)
    end as federating_user_id,
    credentials.role_session_name,
    credentials.session_creation_date::timestamp as session_creation_date,
    credentials.sign_in_session_arn,
    credentials.first_use::timestamp as first_use,
    credentials.last_use::timestamp as last_use,
    credentials.last_success::timestamp as last_success,
    credentials.last_permitted::timestamp as last_permitted,
    coalesce(chosen.is_in_console, credentials.from_console) as is_in_console,
    credentials.events,
    on_behalf_of.on_behalf_of_user_id,
    chosen.rule,
    chosen.issuance_id,
    issuances.event_name as issuance_name,
    issuances.caller_invoked_by,
    issuances.event_time::timestamp as issuance_time,
    issuances.expires_at::timestamp as expires_at,
    issuances.target_role_arn,
    -- a key of S3 Express for a directory bucket
    coalesce(issuances.event_source = 's3express.amazonaws.com', false) as is_for_bucket,
    actors.actor_kind,
    actors.actor_id,
    actors.actor_arn,
    access_keys.created_at::timestamp as created_at,
    access_keys.created_by_event_key,
    access_keys.expires_at::timestamp as key_expires_at
from selected as credentials
left join chosen on chosen.child_credential_id = credentials.credential_id
left join chosen_issuances as issuances on issuances.issuance_id = chosen.issuance_id
left join on_behalf_of on on_behalf_of.credential_id = credentials.credential_id
left join selected_actors as actors on actors.credential_id = credentials.credential_id
left join access_keys
  on  access_keys.access_key_id = credentials.access_key_id
  and access_keys.account_id = credentials.account_id
order by credentials.credential_id
