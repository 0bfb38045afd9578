-- Who may be behind each credential whose link was not followed. $ids: credential IDs, the last of their chains.
select
    links.child_credential_id as credential_id,
    links.issuance_id,
    links.rule,
    links.grade,
    coalesce(actors.actor_kind, issuers.actor_kind, 'unknown') as actor_kind,
    coalesce(actors.actor_id, issuers.actor_id) as actor_id,
    coalesce(actors.actor_name, issuers.actor_name) as actor_name,
    coalesce(actors.actor_arn, issuers.actor_arn) as actor_arn,
    coalesce(actors.actor_account_id, issuers.actor_account_id) as actor_account_id,
    issuers.workload_type,
    coalesce(actors.issuer, issuers.issuer) as issuer,
    coalesce(actors.provider, issuers.provider) as provider,
    actors.identity_store_arn as actor_identity_store_arn
from links
left join actors on actors.credential_id = links.parent_credential_id
left join issuers on issuers.child_credential_id = links.child_credential_id and issuers.issuance_id = links.issuance_id
where links.child_credential_id in (select unnest($ids))
  and (links.is_ambiguous or not exists (
      select 1 from links as chosen where chosen.child_credential_id = links.child_credential_id and (chosen.is_chosen or chosen.is_ambiguous)
  ))
order by links.child_credential_id, links.grade_rank, links.issuance_id
