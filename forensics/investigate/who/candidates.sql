-- The candidates of each credential whose link was not followed. $ids: credential IDs, the last of their chains.
with asked as materialized (
    select * from links where child_credential_id in (select unnest($ids))
),

followed as (
    select child_credential_id
    from asked
    group by child_credential_id
    having max(is_chosen or is_ambiguous)
),

-- filter each large table before joining
parents as materialized (
    select * from actors where credential_id in (select parent_credential_id from asked)
),

without_parent as materialized (
    select * from issuers where child_credential_id in (select unnest($ids))
)

select
    links.child_credential_id as credential_id,
    links.issuance_id,
    links.rule,
    links.grade,
    {
        kind: coalesce(actors.actor_kind, issuers.actor_kind, 'unknown'),
        id: coalesce(actors.actor_id, issuers.actor_id),
        name: coalesce(actors.actor_name, issuers.actor_name),
        arn: coalesce(actors.actor_arn, issuers.actor_arn),
        account_id: coalesce(actors.actor_account_id, issuers.actor_account_id),
        workload_type: issuers.workload_type,
        issuer: coalesce(actors.issuer, issuers.issuer),
        provider: coalesce(actors.provider, issuers.provider),
        identity_store_arn: actors.identity_store_arn
    } as actor
from asked as links
left join parents as actors on actors.credential_id = links.parent_credential_id
left join without_parent as issuers
  on  issuers.child_credential_id = links.child_credential_id
  and issuers.issuance_id = links.issuance_id
left join followed on followed.child_credential_id = links.child_credential_id
left join not_trusted
  on  not_trusted.credential_id = links.child_credential_id
  and not_trusted.event_key = links.issuance_id
where (links.is_ambiguous or followed.child_credential_id is null)
  and links.distrust is null
  -- an unreliable record names nobody, not even as a candidate
  and coalesce(not_trusted.reason <> 'unreliable', true)
order by links.child_credential_id, links.grade_rank, links.issuance_id
