-- title: Role sessions of people without SourceIdentity
-- question: Which roles do people assume without SourceIdentity, so that only the keys identify them?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1550.001
-- columns: actor_name, without_source_identity, sessions, role_arn, account_id, actor_id, actor_kind, events,
--   first_use, last_use, first_event_id

select
    actors.display_name as actor_name,
    count(case when credentials.source_identity is null then 1 end) as without_source_identity,
    count(*) as sessions,
    credentials.session_issuer_arn as role_arn,
    credentials.account_id,
    actors.actor_id,
    actors.actor_kind,
    sum(matching.events)::bigint as events,
    min(matching.first_use) as first_use,
    max(matching.last_use) as last_use,
    -- of a session without it
    arg_min(matching.first_event_id, (matching.first_use, matching.first_event_id))
        filter (credentials.source_identity is null) as first_event_id
from filtered_credentials($actor, $origin_key, $account, $address, $since, $until) as matching
join credentials on credentials.credential_id = matching.credential_id
join actors on actors.credential_id = credentials.credential_id
where credentials.identity_type = 'AssumedRole'
  and actors.actor_kind in ('iam_user', 'saml_user', 'identity_center_user', 'root')
group by credentials.session_issuer_arn, credentials.account_id, actors.display_name, actors.actor_id,
    actors.actor_kind
having count(case when credentials.source_identity is null then 1 end) > 0
order by
    without_source_identity desc, credentials.session_issuer_arn, actors.actor_id, credentials.account_id,
    actors.display_name, actors.actor_kind
