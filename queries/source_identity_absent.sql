-- title: Role sessions of people without SourceIdentity
-- question: Which roles do people assume without SourceIdentity, so that only the keys identify them?
-- techniques: T1550.001
-- columns: actor_name, without_source_identity, sessions, role_arn, account_id, actor_id, actor_kind, events,
--   first_use, last_use, first_event_id

-- of sessions without it
with first_events as (
    select credential_id, arg_min(event_id, (event_time, event_id)) as event_id
    from events
    where source_identity is null
    group by credential_id
)

select
    actors.actor_name,
    count(case when credentials.source_identity is null then 1 end) as without_source_identity,
    count(*) as sessions,
    credentials.session_issuer_arn as role_arn,
    credentials.account_id,
    actors.actor_id,
    actors.actor_kind,
    sum(credentials.events)::bigint as events,
    min(credentials.first_use) as first_use,
    max(credentials.last_use) as last_use,
    arg_min(first_events.event_id, (credentials.first_use, first_events.event_id)) as first_event_id
from credentials
join actors on actors.credential_id = credentials.credential_id
left join first_events on first_events.credential_id = credentials.credential_id
where credentials.identity_type = 'AssumedRole'
  and actors.actor_kind in ('iam_user', 'saml_user', 'identity_center_user', 'root')
group by credentials.session_issuer_arn, credentials.account_id, actors.actor_name, actors.actor_id, actors.actor_kind
having count(case when credentials.source_identity is null then 1 end) > 0
order by
    without_source_identity desc, credentials.session_issuer_arn, actors.actor_id, credentials.account_id,
    actors.actor_name, actors.actor_kind
