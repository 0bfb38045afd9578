-- Add the signal planted_access: keys, users and passwords that a story created, and trust policies in force, by which
-- everybody, an account outside the logs or an identity provider that was created in the logs can assume a role. The
-- fewer are created in the case, and the more kinds at once, the stronger. Grain: one row per (story, day).
insert into triage_signals
with loaded as (
    select distinct recipient_account_id as account_id
    from coverage
),

providers as (
    select
        account_id || case event_name
            when 'CreateSAMLProvider' then ':saml-provider/' || (request_parameters ->> '$.name')
            else ':oidc-provider/' || rtrim(regexp_replace(request_parameters ->> '$.url', '^https?://', ''), '/')
        end as provider
    from triage_records
    where event_name in ('CreateOpenIDConnectProvider', 'CreateSAMLProvider')
      and outcome = 'succeeded'
),

-- policies that let somebody from outside assume the role
trusting as (
    select distinct given.event_key
    from triage_given as given
    left join loaded on loaded.account_id = given.given_to
    left join providers on providers.provider = regexp_replace(given.given_to, '^arn:[^:]*:iam::', '')
    where (loaded.account_id is null and given.given_to not like 'arn:%')
       or providers.provider is not null
),

later_policies as (
    select
        planting_id,
        event_time,
        max(keeps <> 'nothing') as is_kept,
        row_number() over (partition by planting_id order by event_time desc nulls last) as place
    from kept_trust
    where planting_id <> 'role|' || event_key
    group by planting_id, event_time
),

trusts as (
    select plantings.planting_id
    from plantings
    join trusting on trusting.event_key = plantings.event_key
    left join later_policies on later_policies.planting_id = plantings.planting_id and later_policies.place = 1
    left join revocations
      on  revocations.event_name = 'DeleteRole'
      and not revocations.is_unreliable
      and revocations.account_id = plantings.account_id
      and lower(revocations.role_name) = lower(plantings.name)
      and revocations.event_time > greatest(plantings.event_time, later_policies.event_time)
    where plantings.kind = 'role'
      and coalesce(later_policies.is_kept, true)
    group by plantings.planting_id
    having count(revocations.event_name) = 0
),

made as (
    select
        triage_stories.story,
        plantings.event_time,
        plantings.event_key,
        plantings.event_id,
        plantings.planting_id,
        case plantings.kind when 'role' then 'trust_policy' else plantings.kind end as kind,
        count(*) over (partition by plantings.kind) as made_in_case
    from plantings
    join triage_stories on triage_stories.credential_id = plantings.creator_credential_id
    left join trusts on trusts.planting_id = plantings.planting_id
    where (plantings.kind <> 'role' or trusts.planting_id is not null)
      and plantings.event_time is not null
)

select
    story,
    cast(event_time as date) as event_date,
    'planted_access' as signal,
    least(1.0, count(distinct kind) / 4.0 + sum(1.0 / made_in_case)) as strength,
    count(distinct planting_id) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    list_distinct(arg_min(event_id, (event_time, event_key), 5)) as event_ids,
    list_sort(list(distinct kind)) as details
from made
group by story, cast(event_time as date)
