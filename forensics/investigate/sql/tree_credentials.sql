-- What is known of the credentials of a tree, with the issuance that each came by. $ids: credential IDs.
-- Each table is cut down to these before it is joined.
with issued as (
    select
        links.child_credential_id as credential_id,
        links.rule,
        links.issuance_id,
        issuances.event_name as issuance_name,
        issuances.event_source as issuance_source,
        issuances.caller_invoked_by,
        issuances.event_time,
        issuances.expires_at,
        issuances.target_role_arn
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    where links.is_chosen
      and links.child_credential_id in (select unnest($ids))
),

behind as (
    select credential_id, actor_kind, actor_id, workload_type
    from actors
    where credential_id in (select unnest($ids))
),

for_people as (
    select credential_id, on_behalf_of_user_id
    from on_behalf_of
    where credential_id in (select unnest($ids))
)

select
    credentials.credential_id as id,
    credentials.access_key_id,
    credentials.principal_id,
    credentials.arn,
    credentials.account_id,
    credentials.identity_type,
    credentials.user_name,
    credentials.session_issuer_arn,
    credentials.role_session_name,
    credentials.session_creation_date::timestamp as session_creation_date,
    credentials.sign_in_session_arn,
    credentials.assumed_root,
    credentials.first_use::timestamp as first_use,
    credentials.last_use::timestamp as last_use,
    credentials.events,
    for_people.on_behalf_of_user_id,
    issued.rule,
    issued.issuance_id,
    issued.issuance_name,
    issued.issuance_source,
    issued.caller_invoked_by,
    issued.event_time::timestamp as issuance_time,
    issued.expires_at::timestamp as expires_at,
    issued.target_role_arn,
    behind.actor_kind,
    behind.actor_id,
    behind.workload_type,
    access_keys.owner_kind,
    access_keys.created_at::timestamp as created_at,
    access_keys.created_by_event_key
from credentials
left join issued on issued.credential_id = credentials.credential_id
left join for_people on for_people.credential_id = credentials.credential_id
left join behind on behind.credential_id = credentials.credential_id
left join access_keys
  on  access_keys.access_key_id = credentials.access_key_id
  and access_keys.account_id = credentials.account_id
where credentials.credential_id in (select unnest($ids))
order by credentials.credential_id
