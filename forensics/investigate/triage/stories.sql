-- Create the table of the story of each credential: what one actor did with one origin key. One subject of two identity
-- providers is two actors. If the actor is unknown, the role or user of the credential stands for it. Credentials of
-- AWS services have no story. `habit`: whose usual calls are compared; replicas of a workload and runs of a pipeline
-- share those of their role. `usual_networks`: how many networks such an actor uses anyway; each run of a pipeline has
-- an address of its own, and people travel.
-- Grain: one row per credential.
create temporary table triage_stories as
with named as (
    select
        credentials.credential_id,
        credentials.last_use,
        coalesce(
            actors.origin_access_key_id,
            actors.actor_kind || '|'
                -- functions of two accounts may have one name; a person is one person in all accounts
                || case actors.actor_kind when 'workload' then coalesce(actors.actor_account_id, '') || '|' else '' end
                || coalesce(actors.qualified_actor_id, actors.actor_name),
            'role|' || credentials.session_issuer_arn,
            'user|' || credentials.arn,
            'key|' || credentials.access_key_id
        ) as story,
        case
            when actors.actor_kind in ('workload', 'web_identity_user', 'unknown')
                -- a pipeline has a role of this name in each account
                then 'role|' || nullif(regexp_extract(credentials.session_issuer_arn, '[^/]+$'), '')
        end as role_name,
        actors.actor_kind,
        actors.actor_id,
        actors.origin_access_key_id
    from credentials
    join actors on actors.credential_id = credentials.credential_id
    where actors.actor_kind not in ('aws_service', 'anonymous')
)

select
    credential_id,
    story,
    coalesce(role_name, story) as habit,
    case
        when actor_kind = 'web_identity_user' then 5
        when actor_kind in ('saml_user', 'identity_center_user') then 2
        else 1
    end as usual_networks,
    actor_kind,
    actor_id,
    origin_access_key_id
from named
where story is not null
