-- title: Credentials of an actor
-- question: Which keys and sessions did this actor use, in which accounts, from how many addresses, and when?
-- parameter: actor varchar: the actor's ID, name or ARN, case-insensitive
-- filters: origin_key, account, address, since, until
-- techniques: T1078.004, T1550.001
-- columns: access_key_id, arn, account_id, grade, hops, origin_access_key_id, mfa_authenticated, addresses, events,
--   first_use, last_use, event_id

select
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    actors.grade,
    actors.hops,
    actors.origin_access_key_id,
    credentials.mfa_authenticated,
    matching.addresses,
    matching.events,
    matching.first_use,
    matching.last_use,
    -- of the issuance; null for long-term keys and for issuances that AWS does not log
    issuances.event_id
from actors
join filtered_credentials(
    origin_key := $origin_key, account := $account, address := $address, since := $since, until := $until
) as matching
  on  matching.credential_id = actors.credential_id
join credentials on credentials.credential_id = actors.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where is_actor($actor, actors.actor_id, actors.qualified_actor_id, actors.display_name, actors.actor_arn)
order by matching.first_use, credentials.access_key_id, credentials.credential_id
