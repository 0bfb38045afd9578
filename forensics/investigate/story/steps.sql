-- Create the steps of a story: similar calls of one signer from one address, without a pause of half an hour.
-- Grain: one row per step, in the order of time. Calls that read are one step; of other calls, those of one name,
-- outcome and change, on one target, or on objects of one bucket. Calls that AWS services made for the caller are one
-- step, too. `new_...`: no earlier call of the story has this address, program or region. $leaked_at: UTC, or null;
-- calls before it are in no step, nor are calls without a time.
create or replace temporary table story_steps as
with calls as (
    select
        story_events.*,
        story_events.source_addresses is null and story_events.source_ip_address is not null as is_by_service,
        coalesce(story_events.source_ip_address, '') as address,
        coalesce(story_events.user_agent, '') as agent,
        coalesce(story_events.aws_region, '') as region,
        case
            when is_by_service
                then coalesce(story_events.actor_id, story_events.access_key_id, story_events.principal_id, '')
            else coalesce(story_events.access_key_id, story_events.principal_id, '') || ' ' || address
        end as signer,
        case
            when is_by_service then 'services'
            when story_events.read_only
                and story_events.issued_access_key_id is null
                and story_events.target_role_arn is null
                and coalesce(sensitive_actions.tactic, 'discovery') = 'discovery'
                then 'reads'
            else concat_ws(
                ' ',
                story_events.event_name,
                story_events.outcome,
                regexp_extract(story_events.resource, '^arn:[^:]*:s3:::[^/]*|.*', 0),
                story_events.target_role_arn,
                story_events.target_role_name,
                story_events.target_user_name,
                story_events.new_user_name,
                story_events.target_access_key_id,
                story_events.target_status,
                story_events.target_policy,
                story_events.created_access_key_id,
                story_events.launched
            )
        end as told_as
    from story_events
    left join sensitive_actions
      on  sensitive_actions.event_source = story_events.event_source
      and sensitive_actions.event_name = story_events.event_name
),

paused as (
    select
        *,
        coalesce(event_time - lag(event_time) over alike > interval 30 minutes, false) as is_after_a_pause,
        row_number() over (partition by is_by_service, address order by event_time, event_key) = 1 as is_new_address,
        row_number() over (partition by is_by_service, agent order by event_time, event_key) = 1 as is_new_agent,
        row_number() over (partition by region order by event_time, event_key) = 1 as is_new_region
    from calls
    window alike as (partition by signer, told_as order by event_time, event_key)
),

numbered as (
    select
        *,
        count(*) filter (is_after_a_pause) over (
            partition by signer, told_as
            order by event_time, event_key
            rows between unbounded preceding and current row
        ) as run
    from paused
    where event_time >= coalesce($leaked_at::timestamptz, event_time)
)

select
    min(event_key) as place,
    told_as = 'reads' as is_reading,
    told_as = 'services' as is_by_service,
    min(event_time)::timestamp as first_event_time,
    max(event_time)::timestamp as last_event_time,
    count(*) as events,
    count(*) filter (outcome = 'succeeded') as succeeded,
    count(*) filter (outcome = 'denied') as denied,
    count(*) filter (outcome = 'failed') as failed,
    list_slice(list_sort(list(distinct event_name)), 1, 12) as event_names,
    count(distinct event_name) as event_names_total,
    min(event_source) as event_source,
    count(distinct event_source) as services,
    list_slice(list_sort(coalesce(list(distinct resource) filter (resource is not null), [])), 1, 3) as resources,
    count(distinct resource) as resources_total,
    min(actor_kind) as actor_kind,
    min(actor_id) as actor_id,
    min(actor_name) as actor_name,
    min(grade) as grade,
    min(identity_type) as identity_type,
    min(arn) as arn,
    min(access_key_id) as access_key_id,
    min(recipient_account_id) as account_id,
    min(source_ip_address) as source_ip_address,
    arg_min(user_agent, (event_time, event_key)) as user_agent,
    cast(null as varchar) as application,
    list_slice(list_sort(coalesce(list(distinct aws_region) filter (aws_region is not null), [])), 1, 12) as aws_regions,
    bool_or(is_new_address and not is_by_service) as new_address,
    bool_or(is_new_agent and not is_by_service) as new_application,
    coalesce(list_sort(list(region) filter (is_new_region and region <> '')), []) as new_regions,
    min(error_code) as error_code,
    min(target_role_arn) as target_role_arn,
    min(target_role_name) as target_role_name,
    min(target_user_name) as target_user_name,
    min(new_user_name) as new_user_name,
    min(target_access_key_id) as target_access_key_id,
    min(target_status) as target_status,
    min(target_policy) as target_policy,
    min(created_access_key_id) as created_access_key_id,
    min(issued_access_key_id) as issued_access_key_id,
    min(launched) as launched,
    coalesce(arg_min(event_id, (event_time, event_key), 3) filter (event_id is not null), []) as event_ids
from numbered
group by signer, told_as, run
