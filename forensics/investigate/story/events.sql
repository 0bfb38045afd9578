-- Create the events of a story. Grain: one row per call; of the copies of a call, if possible one that is wanted, and
-- the caller's own. $ids: the credentials of the subject; events of everything derived from them are included. $key,
-- $session, $addresses: the events of the subject by their own fields, or null. $everything: whether all events are
-- wanted; otherwise those of the table `story_wanted`. `is_certain` is false if the credential may derive from another.
create or replace temporary table story_events as
with own as (
    select unnest($ids::varchar[]) as credential_id
),

found as (
    select credential_id, true as is_certain from own

    union all

    select derived_id, is_certain from derived where ancestor_id in (from own)
),

of_subject as (
    select credential_id, max(is_certain) as is_certain from found group by credential_id
)

select
    events.event_key,
    events.event_id,
    events.event_time,
    events.event_source,
    events.event_name,
    events.aws_region,
    events.recipient_account_id,
    events.source_ip_address,
    events.user_agent,
    events.error_code,
    events.read_only,
    events.identity_type,
    events.principal_id,
    events.arn,
    events.access_key_id,
    events.issued_access_key_id,
    events.target_role_arn,
    events.target_role_name,
    events.target_user_name,
    events.new_user_name,
    events.target_access_key_id,
    events.target_status,
    events.target_policy,
    events.created_access_key_id,
    events.launched,
    events.resource,
    events.outcome,
    events.actor_kind,
    events.actor_id,
    events.actor_name,
    coalesce(events.actor_issuer, events.actor_provider, events.actor_identity_store_arn) as actor_issuer,
    events.grade,
    events.source_addresses,
    events.unreliable,
    coalesce(of_subject.is_certain, true) as is_certain,
    $everything or events.event_key in (from story_wanted) as is_wanted
from attributed_events as events
left join twins on twins.event_key = events.event_key
left join of_subject on of_subject.credential_id = coalesce(twins.credential_id, events.credential_id)
where of_subject.credential_id is not null
   or events.access_key_id = $key
   or $session in (events.arn, events.principal_id)
   or events.source_ip_address in (select unnest($addresses::varchar[]))
qualify row_number() over (
    partition by coalesce(shared_event_id, events.event_key), event_time, event_source, event_name
    order by is_wanted desc, coalesce(recipient_account_id = account_id, false) desc, events.event_key
) = 1
