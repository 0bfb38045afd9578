-- Macros: the filters of events that commands and saved queries share. Each argument is optional; null does not
-- restrict. actor: the ID, name or ARN of an actor. origin_key: an access key ID; also everything derived from the key.
-- account: a list of IDs. address: a list of source addresses as logged. since, until: times, `until` excluded.

-- is_actor: whether `wanted` is the ID, name or ARN of an actor, in any case. The ID can be qualified: ISSUER:ID.
create macro is_actor(wanted, id, qualified_id, name, arn) as
    lower(wanted) in (lower(id), lower(qualified_id), lower(name), lower(arn));

-- filtered_events: the attributed events that match all arguments. Grain: one row per event.
create macro filtered_events(
    actor := null, origin_key := null, account := null, address := null, since := null, until := null
) as table
select *
from attributed_events
where (actor is null or is_actor(actor, actor_id, qualified_actor_id, actor_name, actor_arn))
  and (
      origin_key is null
      or access_key_id = origin_key
      or origin_access_key_id = origin_key
      or credential_id in (select derived_id from derived where ancestor_access_key_id = origin_key)
  )
  and (
      account is null
      or account_id in (select unnest(account))
      or recipient_account_id in (select unnest(account))
  )
  and (address is null or source_ip_address in (select unnest(address)))
  and (since is null or event_time >= since::timestamptz)
  and (until is null or event_time < until::timestamptz);

-- filtered_credentials: the credentials that were used, issued or created in an event of `filtered_events`, with their
-- use in these events; without a filter, all credentials. Grain: one row per credential.
create macro filtered_credentials(
    actor := null, origin_key := null, account := null, address := null, since := null, until := null
) as table
with matching as (
    select event_key, event_id, event_time, credential_id, source_ip_address
    from filtered_events(actor, origin_key, account, address, since, until)
),

uses as (
    select
        credential_id,
        count(*) as events,
        count(distinct source_ip_address) as addresses,
        min(event_time) as first_use,
        max(event_time) as last_use,
        arg_min(event_id, (event_time, event_id)) as first_event_id
    from matching
    where credential_id is not null
    group by credential_id
),

issued as (
    select unnest([
        issuances.issued_credential_id,
        -- of a session without a key and principal ID
        issuances.issued_credential_id || '|' || issuances.target_role_arn || '/' || issuances.requested_session_name
    ]) as credential_id
    from matching
    join issuance_events on issuance_events.event_key = matching.event_key
    join issuances on issuances.issuance_id = issuance_events.issuance_id

    union

    select credentials.credential_id
    from matching
    join access_keys on access_keys.created_by_event_key = matching.event_key
    join credentials
      on  credentials.access_key_id = access_keys.access_key_id
      and credentials.account_id is not distinct from access_keys.account_id
)

select
    credentials.credential_id,
    coalesce(uses.events, 0) as events,
    coalesce(uses.addresses, 0) as addresses,
    uses.first_use,
    uses.last_use,
    uses.first_event_id
from credentials
left join uses on uses.credential_id = credentials.credential_id
left join issued on issued.credential_id = credentials.credential_id
where uses.credential_id is not null
   or issued.credential_id is not null
   or coalesce(actor, origin_key, since::varchar, until::varchar) is null and account is null and address is null;
