-- title: Every credential of an actor
-- question: With which keys and sessions did this person or workload act, in which accounts, from where, and when?
-- parameter: actor varchar: the actor's ID, name or ARN, in any case
-- techniques: T1078.004, T1550.001
-- columns: access_key_id, arn, account_id, grade, hops, origin_access_key_id, mfa_authenticated, addresses, events,
--   first_use, last_use, event_id

with addresses as (
    select credential_id, count(distinct source_ip_address) as addresses
    from events
    group by credential_id
)

select
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    actors.grade,
    actors.hops,
    actors.origin_access_key_id,
    credentials.mfa_authenticated,
    addresses.addresses,
    credentials.events,
    credentials.first_use,
    credentials.last_use,
    -- that handed it out; a long-term key, and what AWS does not log, has none
    issuances.event_id
from actors
join credentials on credentials.credential_id = actors.credential_id
left join addresses on addresses.credential_id = actors.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where lower($actor) in (lower(actors.actor_id), lower(actors.actor_name), lower(actors.actor_arn))
order by credentials.first_use, credentials.access_key_id, credentials.credential_id
