-- Create the table of all events signed by some credentials; the lake is read once.
-- `part`: counted, earlier, left_out or, for a call whose record proves nothing, unreliable.
-- $ids: credential IDs; $nodes: the tree node of each, in the same order. $key: the access key, if all credentials have
-- the same one; rows of other keys are then skipped. $first, $last: the days of the first and last use; files of other
-- days are then skipped. $since, $until, $addresses: the calls to count, or null; calls of $credentials count from
-- every address. $leaked_at: earlier calls are summarized. A call without a time is in no period.
create temporary table key_calls as
with signed_with as (
    select unnest($ids::varchar[]) as credential_id, unnest($nodes::integer[]) as node
),

callers as (
    select signed_with.*, credentials.is_long_term
    from signed_with
    join credentials on credentials.credential_id = signed_with.credential_id
)

select
    callers.node,
    callers.credential_id,
    event_key,
    event_id,
    recipient_account_id,
    account_id,
    aws_region,
    event_time,
    event_source,
    event_name,
    coalesce(source_addresses, source_ip_address) as source_ip_address,
    -- S3 logs user agents in brackets
    trim(user_agent, '[]') as user_agent,
    error_code,
    outcome,
    call_facts(resource, event_name, event_category).resource as resource,
    call_facts(resource, event_name, event_category).object as object,
    mfa_authenticated,
    read_only,
    callers.is_long_term,
    call_facts(resource, event_name, event_category).may_be_discovery as may_be_discovery,
    case
        when not coalesce(event_time >= $since::timestamptz, $since is null) then 'left_out'
        when not coalesce(event_time < $until::timestamptz, $until is null) then 'left_out'
        when $addresses::varchar[] is not null
            and not coalesce(
                coalesce(source_addresses, source_ip_address) in (select unnest($addresses::varchar[])), false
            )
            and callers.credential_id not in (select unnest($credentials::varchar[]))
            then 'left_out'
        when unreliable then 'unreliable'
        when event_time < $leaked_at::timestamptz then 'earlier'
        else 'counted'
    end as part
from events
join callers on callers.credential_id = events.credential_id
where ($key::varchar is null or access_key_id = $key)
  and (event_date is null or event_date between $first::date and $last::date)
