-- title: Credentials of an actor
-- question: Which keys and sessions did this actor use, in which accounts, from how many addresses, and when?
-- parameter: actor varchar: the actor's ID, name or ARN, case-insensitive
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
    -- of the issuance; null for long-term keys and for issuances that AWS does not log
    issuances.event_id
from actors
join credentials on credentials.credential_id = actors.credential_id
left join addresses on addresses.credential_id = actors.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where lower($actor) in (lower(actors.actor_id), lower(actors.actor_name), lower(actors.actor_arn))
order by credentials.first_use, credentials.access_key_id, credentials.credential_id
