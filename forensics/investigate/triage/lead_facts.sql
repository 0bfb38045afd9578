-- The actor, origin key, accounts and keys of stories. $stories: the stories; $most: number of listed keys and
-- accounts. `subject`: the actor's ID, qualified if it means others, too. The actor and the credential at its end are
-- those of the latest use. Grain: one row per story.
with members as (
    select triage_stories.story, credentials.*, actors.* exclude (credential_id)
    from triage_stories
    join credentials on credentials.credential_id = triage_stories.credential_id
    join actors on actors.credential_id = triage_stories.credential_id
    where triage_stories.story in (select unnest($stories))
),

latest as (
    select *
    from members
    qualify row_number() over (partition by story order by last_use desc nulls last, credential_id) = 1
),

-- what else an actor's ID means
namesakes as (
    select latest.story
    from latest
    join (
        select lower(actor_id) as named, actor_kind, qualified_actor_id from actors
        union
        select lower(actor_name), actor_kind, qualified_actor_id from actors
    ) as others on others.named = lower(latest.actor_id)
    where others.actor_kind <> latest.actor_kind
       or others.qualified_actor_id <> latest.qualified_actor_id
    group by latest.story
),

keys as (
    select
        story,
        arg_max(access_key_id, (events, access_key_id), $most) as access_key_ids,
        count(distinct access_key_id) as access_keys
    from (
        select story, access_key_id, sum(events) as events
        from members
        where access_key_id is not null
        group by story, access_key_id
    )
    group by story
),

accounts as (
    select story, list_sort(list(distinct account_id)) as account_ids
    from triage_calls
    where story in (select unnest($stories))
    group by story
)

select
    latest.story,
    {
        kind: latest.actor_kind,
        id: latest.actor_id,
        name: latest.actor_name,
        arn: latest.actor_arn,
        account_id: latest.actor_account_id,
        workload_type: latest.workload_type,
        issuer: latest.issuer,
        provider: latest.provider,
        identity_store_arn: latest.identity_store_arn
    } as actor,
    case when namesakes.story is not null then latest.qualified_actor_id else latest.actor_id end as subject,
    latest.grade,
    latest.origin_access_key_id,
    latest.arn,
    case when latest.session_issuer_type = 'Role' then latest.session_issuer_arn end as role_arn,
    latest.principal_id,
    coalesce(keys.access_key_ids, []) as access_key_ids,
    coalesce(keys.access_keys, 0) as access_keys,
    coalesce(accounts.account_ids[:$most], []) as account_ids
from latest
left join namesakes on namesakes.story = latest.story
left join keys on keys.story = latest.story
left join accounts on accounts.story = latest.story
order by latest.story
