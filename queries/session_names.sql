-- title: Session names of other people
-- question: Which sessions have the name of a person who did not request them?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1036, T1550.001
-- columns: role_session_name, is_name_of, actor_name, actor_id, actor_kind, grade, origin_access_key_id, arn,
--   access_key_id, first_use, last_use, events, event_id

with people as (
    select distinct lower(name) as name, arn
    from principals
    where kind = 'iam_user' and name is not null

    union

    select distinct lower(actor_name), actor_arn
    from actors
    where actor_kind in ('saml_user', 'identity_center_user') and actor_name is not null
)

select
    credentials.role_session_name,
    min(people.arn) as is_name_of,
    actors.display_name as actor_name,
    actors.actor_id,
    actors.actor_kind,
    actors.grade,
    actors.origin_access_key_id,
    credentials.arn,
    credentials.access_key_id,
    matching.first_use,
    matching.last_use,
    matching.events,
    -- of the issuance
    issuances.event_id
from filtered_credentials($actor, $origin_key, $account, $address, $since, $until) as matching
join credentials on credentials.credential_id = matching.credential_id
join actors on actors.credential_id = credentials.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
join people on people.name = lower(credentials.role_session_name)
where actors.actor_kind <> 'unknown'
  and lower(credentials.role_session_name) not in (
      lower(coalesce(actors.actor_name, '')),
      lower(coalesce(actors.actor_id, '')),
      lower(split_part(coalesce(actors.actor_name, ''), '@', 1))
  )
group by
    credentials.credential_id, credentials.role_session_name, actors.display_name, actors.actor_id, actors.actor_kind,
    actors.grade, actors.origin_access_key_id, credentials.arn, credentials.access_key_id, matching.first_use,
    matching.last_use, matching.events, issuances.event_id
order by matching.first_use, credentials.access_key_id, credentials.credential_id
