-- Create the view of all calls with their actors and the columns of key_uses. `calls_from`, `calls_of` and `calls_on`
-- select the calls of a page from it. `logged_address`, `logged_resource`: as logged.
create or replace temporary view every_call as
select
    0 as node,
    calls.event_key,
    calls.unreliable,
    calls.event_id,
    calls.recipient_account_id,
    calls.account_id,
    calls.aws_region,
    calls.event_time,
    calls.event_source,
    calls.event_name,
    coalesce(calls.source_addresses, calls.source_ip_address) as source_ip_address,
    -- S3 logs user agents in brackets
    trim(calls.user_agent, '[]') as user_agent,
    calls.error_code,
    calls.outcome,
    call_facts(calls.resource, calls.event_name, calls.event_category).resource as resource,
    call_facts(calls.resource, calls.event_name, calls.event_category).object as object,
    calls.mfa_authenticated,
    calls.read_only,
    coalesce(credentials.is_long_term, false) as is_long_term,
    call_facts(calls.resource, calls.event_name, calls.event_category).may_be_discovery as may_be_discovery,
    calls.access_key_id,
    -- the role of a session, whose own name was chosen by its requester
    coalesce(
        calls.session_issuer_arn,
        regexp_replace(
            calls.arn, '^([^:]*:[^:]*):sts:([^:]*:[^:]*):assumed-role/([^/]*)/.*$', '\1:iam:\2:role/\3', 's'
        ),
        split_part(calls.principal_id, ':', 1)
    ) as principal,
    calls.actor_kind,
    calls.actor_id,
    calls.actor_name,
    calls.actor_arn,
    calls.actor_account_id,
    calls.qualified_actor_id,
    calls.actor_workload_type,
    calls.actor_issuer,
    calls.actor_provider,
    calls.actor_identity_store_arn,
    calls.grade,
    calls.credential_id,
    calls.shared_event_id,
    calls.event_date,
    calls.source_ip_address as logged_address,
    calls.resource as logged_resource
from attributed_events as calls
left join credentials on credentials.credential_id = calls.credential_id
