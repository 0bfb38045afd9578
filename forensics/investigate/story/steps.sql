-- Create the steps of a story: similar calls of one signer from one address with one program, without a pause of half
-- an hour. Grain: one row per step. Reads with one outcome are one step; of other calls, those of one name, outcome
-- and change, on one target, or on objects of one bucket. Of the calls that AWS services made for the caller, the
-- address, program and key do not matter. `new_...`: no earlier reliable call of the subject has it. $leaked_at: UTC,
-- or null; calls before it are in no step, nor are calls without a time. $signals, $weights: the table of weights.
-- `score`: the weight of the gravest call of the step, multiplied by its rarity, plus the weights of what is new. A
-- call is rare if the subject called its API on few days, and used its address on few days.
-- `is_repeated`: each call succeeded, gives no access, and is like an earlier successful one: same API, user or role,
-- address and assumed role.
-- $most_ids: cited events of each step.
create or replace temporary table story_steps as
with weights as (
    select map($signals::varchar[], $weights::double[]) as of_signal
),

names as (
    select event_source, event_name, count(distinct event_time::date) as days
    from story_events
    group by event_source, event_name
),

places as (
    select coalesce(source_addresses, source_ip_address, '') as address, count(distinct event_time::date) as days
    from story_events
    group by address
),

calls as (
    select
        story_events.*,
        story_grantees.grantees,
        coalesce(story_grantees.is_outside, false) as is_outside,
        sensitive_signals.signal,
        plantings.event_key is not null as is_planting,
        story_programs.application,
        story_events.source_addresses is null and story_events.source_ip_address is not null as is_by_service,
        coalesce(story_events.source_addresses, story_events.source_ip_address, '') as address,
        story_events.read_only
            and story_events.issued_access_key_id is null
            and story_events.target_role_arn is null
            and coalesce(sensitive_signals.tactic, 'discovery') = 'discovery' as is_reading,
        {
            actor_kind: story_events.actor_kind,
            actor_id: story_events.actor_id,
            actor_name: story_events.actor_name,
            actor_issuer: story_events.actor_issuer,
            grade: story_events.grade,
            arn: story_events.arn,
            principal_id: story_events.principal_id,
            access_key_id: case
                when not is_by_service or story_events.actor_id is null then story_events.access_key_id
            end,
            address: case when not is_by_service then address end,
            application: case when not is_by_service then story_programs.application end
        } as signer,
        {
            event_source: story_events.event_source,
            event_name: story_events.event_name,
            error_code: story_events.error_code,
            target: regexp_extract(story_events.resource, '^arn:[^:]*:s3:::[^/]*|.*', 0),
            target_role_arn: story_events.target_role_arn,
            target_role_name: story_events.target_role_name,
            target_user_name: story_events.target_user_name,
            new_user_name: story_events.new_user_name,
            target_access_key_id: story_events.target_access_key_id,
            target_status: story_events.target_status,
            target_policy: story_events.target_policy,
            created_access_key_id: story_events.created_access_key_id,
            launched: story_events.launched,
            grantees: story_grantees.grantees
        } as change
    from story_events
    left join story_programs on story_programs.user_agent = story_events.user_agent
    left join story_grantees on story_grantees.event_key = story_events.event_key
    left join (select distinct event_key from plantings) as plantings
      on  plantings.event_key = story_events.event_key
    left join sensitive_signals
      on  sensitive_signals.event_source = story_events.event_source
      and sensitive_signals.event_name = story_events.event_name
),

weighed as (
    select
        calls.*,
        (1 / sqrt(greatest(coalesce(names.days, 1), 1)) + 1 / sqrt(greatest(coalesce(places.days, 1), 1))) / 2
            * case
                when calls.outcome <> 'succeeded' then greatest(0.25 * base, 0.5)
                else base
                    + if(calls.is_planting, of_signal['planted_access'], 0)
                    + case
                        when calls.is_outside then of_signal['outside_account']
                        when calls.grantees is not null then of_signal['persistence']
                        else 0
                    end
            end as call_score
    from (
        select
            calls.*,
            of_signal,
            case
                when signal is not null then coalesce(of_signal[signal], 1)
                when issued_access_key_id is not null then 1
                when is_reading then 0.1
                else 0.5
            end as base
        from calls
        cross join weights
    ) as calls
    left join names
      on  names.event_source is not distinct from calls.event_source
      and names.event_name is not distinct from calls.event_name
    left join places on places.address = calls.address
),

marked as (
    select
        *,
        {
            is_by_service: is_by_service,
            is_reading: coalesce(is_reading, false),
            is_certain: is_certain,
            unreliable: unreliable,
            has_succeeded: outcome = 'succeeded',
            change: case when not coalesce(is_reading, false) then change end
        } as kind,
        row_number() over (partition by unreliable order by event_time, event_key) > 1 and not unreliable as is_later,
        row_number() over (partition by unreliable, is_by_service, address order by event_time, event_key) = 1
            and is_later and address <> '' and not is_by_service as is_new_address,
        row_number() over (partition by unreliable, is_by_service, application order by event_time, event_key) = 1
            and is_later and application is not null and not is_by_service as is_new_application,
        row_number() over (partition by unreliable, aws_region order by event_time, event_key) = 1
            and is_later and aws_region is not null as is_new_region,
        outcome = 'succeeded'
            and not unreliable
            and not is_planting
            and grantees is null
            and created_access_key_id is null
            and coalesce(
                bool_or(outcome = 'succeeded' and not unreliable) over (
                    partition by
                        event_source, event_name, actor_kind, actor_id, actor_issuer,
                        regexp_replace(arn, '(:assumed-role/.*)/[^/]*$', '\1'),
                        is_by_service, signer.address, target_role_arn
                    order by event_time, event_key
                    rows between unbounded preceding and 1 preceding
                ),
                false
            ) as is_repeated
    from weighed
),

paused as (
    select
        *,
        coalesce(event_time - lag(event_time) over alike > interval 30 minutes, false) as is_after_a_pause
    from marked
    where is_wanted
      and event_time >= coalesce($leaked_at::timestamptz, event_time)
    window alike as (partition by signer, kind order by event_time, event_key)
),

numbered as (
    select
        *,
        count(*) filter (is_after_a_pause) over (
            partition by signer, kind
            order by event_time, event_key
            rows between unbounded preceding and current row
        ) as run
    from paused
)

select
    arg_min(event_key, (event_time, event_key)) as place,
    kind.is_reading as is_reading,
    kind.is_by_service as is_by_service,
    kind.is_certain as certain,
    kind.unreliable as unreliable,
    bool_or(signal is not null) and not kind.is_reading as is_sensitive,
    bool_and(is_repeated) and not bool_or(is_new_address or is_new_application or is_new_region) as is_repeated,
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
    signer.actor_kind as actor_kind,
    signer.actor_id as actor_id,
    signer.actor_name as actor_name,
    signer.actor_issuer as actor_issuer,
    signer.grade as grade,
    min(identity_type) as identity_type,
    signer.arn as arn,
    signer.principal_id as principal_id,
    min(access_key_id) as access_key_id,
    min(recipient_account_id) as account_id,
    arg_min(source_ip_address, (event_time, event_key)) as source_ip_address,
    arg_min(user_agent, (event_time, event_key)) as user_agent,
    signer.application as application,
    list_slice(list_sort(coalesce(list(distinct aws_region) filter (aws_region is not null), [])), 1, 12)
        as aws_regions,
    bool_or(is_new_address) as new_address,
    bool_or(is_new_application) as new_application,
    coalesce(list_sort(list(aws_region) filter (is_new_region)), []) as new_regions,
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
    any_value(grantees) as grantees,
    round(
        max(call_score)
            + if(bool_or(is_new_address), any_value(of_signal['new_network']), 0)
            + if(bool_or(is_new_application), any_value(of_signal['new_program']), 0)
            + if(bool_or(is_new_region), any_value(of_signal['new_region']), 0),
        3
    ) as score,
    coalesce(arg_min(event_id, (event_time, event_key), $most_ids) filter (event_id is not null), []) as event_ids
from numbered
group by signer, kind, run
