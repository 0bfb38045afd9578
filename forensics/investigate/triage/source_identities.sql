-- Sessions with a SourceIdentity and an actor, with the event that issued each; Python compares the two. $most: number
-- of rows, the earliest first; `candidates`: that of all. Grain: one row per credential.
select
    triage_stories.story,
    credentials.source_identity,
    credentials.events,
    coalesce(issuances.event_time, credentials.first_use)::timestamp as first_event,
    credentials.last_use::timestamp as last_event,
    issuances.event_id,
    {
        kind: actors.actor_kind,
        id: actors.actor_id,
        name: actors.actor_name,
        arn: actors.actor_arn,
        account_id: actors.actor_account_id
    } as actor,
    count(*) over () as candidates
from credentials
join triage_stories on triage_stories.credential_id = credentials.credential_id
join actors on actors.credential_id = credentials.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where credentials.source_identity is not null
  and credentials.source_identities = 1
  and lower(credentials.source_identity) <> lower(coalesce(actors.actor_name, ''))
  and coalesce(issuances.event_time, credentials.first_use) is not null
order by first_event, credentials.credential_id
limit $most
