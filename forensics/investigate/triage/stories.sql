-- Create the table of the story of each credential: what one actor did with one origin key. If the actor is unknown,
-- the role or user of the credential stands for it. Credentials of AWS services have no story. Grain: one row per
-- credential.
create temporary table triage_stories as
select
    credentials.credential_id,
    coalesce(
        actors.origin_access_key_id,
        actors.actor_kind || '|' || coalesce(actors.actor_id, actors.actor_name),
        'role|' || credentials.session_issuer_arn,
        'user|' || credentials.arn,
        'key|' || credentials.access_key_id
    ) as story,
    credentials.access_key_id,
    credentials.account_id,
    credentials.arn,
    actors.actor_kind,
    actors.actor_id,
    actors.actor_name,
    actors.actor_arn,
    actors.actor_account_id,
    actors.grade,
    actors.origin_access_key_id
from credentials
join actors on actors.credential_id = credentials.credential_id
where actors.actor_kind not in ('aws_service', 'anonymous')
