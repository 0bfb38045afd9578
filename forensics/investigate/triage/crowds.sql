-- Create the table of stories of actors that cost their maker nothing: principals of another account, and subjects of
-- an identity provider with sessions of one role, such as guests of an identity pool. Grain: one row per story.
create temporary table triage_crowds as
select
    triage_stories.story,
    min(case when actors.actor_kind = 'external_principal' then actors.actor_account_id end) as account_id,
    min(
        case
            when actors.actor_kind <> 'external_principal' and credentials.session_issuer_type = 'Role'
                then credentials.session_issuer_arn
        end
    ) as role_arn,
    min(
        case when actors.actor_kind <> 'external_principal' then coalesce(actors.provider, actors.issuer) end
    ) as provider
from triage_stories
join actors on actors.credential_id = triage_stories.credential_id
join credentials on credentials.credential_id = triage_stories.credential_id
where actors.actor_kind in ('external_principal', 'saml_user', 'web_identity_user')
group by triage_stories.story
having account_id is not null or (role_arn is not null and provider is not null)
