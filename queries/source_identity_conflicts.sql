-- title: SourceIdentity of other people
-- question: Which sessions have a SourceIdentity other than the person that their keys lead to?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1550.001, T1036
-- columns: source_identity, actor_name, actor_id, grade, origin_access_key_id, arn, access_key_id, first_use, events,
--   event_id

select
    credentials.source_identity,
    actors.display_name as actor_name,
    actors.actor_id,
    actors.grade,
    actors.origin_access_key_id,
    credentials.arn,
    credentials.access_key_id,
    matching.first_use,
    matching.events,
    -- of the issuance
    issuances.event_id
from filtered_credentials($actor, $origin_key, $account, $address, $since, $until) as matching
join credentials on credentials.credential_id = matching.credential_id
join actors on actors.credential_id = credentials.credential_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where credentials.source_identity is not null
  and actors.actor_kind in ('iam_user', 'saml_user', 'identity_center_user')
  and lower(credentials.source_identity) not in (
      lower(coalesce(actors.actor_name, '')),
      lower(coalesce(actors.actor_id, '')),
      lower(coalesce(actors.actor_arn, '')),
      lower(split_part(coalesce(actors.actor_name, ''), '@', 1))
  )
order by matching.first_use, credentials.access_key_id, credentials.credential_id
