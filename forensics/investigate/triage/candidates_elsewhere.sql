-- Credentials that AWS issued to a workload and that were used from several addresses, with their access keys and the
-- regions that issued them; Python judges them. $most: number of rows, the earliest first; `candidates`: that of all.
-- Grain: one row per credential.
select
    credentials.credential_id,
    coalesce(credentials.access_key_id, '') as access_key_id,
    min(issuances.aws_region) as home_region,
    count(*) over () as candidates
from credentials
join actors
  on  actors.credential_id = credentials.credential_id
  and actors.named_credential_id = credentials.credential_id
join events on events.credential_id = credentials.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where actors.actor_kind = 'workload'
  and events.source_addresses is not null
  and not events.unreliable
group by credentials.credential_id, credentials.access_key_id, credentials.first_use
having min(events.source_addresses) <> max(events.source_addresses)
order by credentials.first_use, credentials.credential_id
limit $most
