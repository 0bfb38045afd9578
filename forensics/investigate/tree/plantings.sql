-- Plantings with their ARN and ID, if a record has them, and with the ID of their user, if that is certain.
-- `possibly_deleted_at`: the first deletion that was possibly that of a key without a logged ID. $ids: planting IDs.
with deletions as (
    select plantings.planting_id, min(revocations.event_time) as event_time
    from plantings
    join revocations
      on  revocations.account_id = plantings.account_id
      and revocations.event_name = replace(plantings.event_name, 'Create', 'Delete')
      and coalesce(revocations.event_time >= plantings.event_time, true)
    left join access_keys
      on  access_keys.access_key_id = revocations.access_key_id
      and access_keys.account_id = revocations.account_id
    where plantings.planting_id in (select unnest($ids))
      and plantings.kind = 'access_key'
      and plantings.access_key_id is null
      and coalesce(
          revocations.user_principal_id = plantings.user_principal_id,
          lower(revocations.user_name) = lower(plantings.name),
          true
      )
      -- a key that was created in another event, or used before, is another key
      and access_keys.created_at is null
      and coalesce(access_keys.first_use >= plantings.event_time, true)
    group by plantings.planting_id
)

select
    plantings.planting_id as id,
    min(plantings.kind) as kind,
    min(plantings.account_id) as account_id,
    min(plantings.name) as name,
    min(plantings.access_key_id) as access_key_id,
    coalesce(
        min(plantings.principal_id),
        min(plantings.user_principal_id),
        case when min(principals.principal_id) = max(principals.principal_id) then min(principals.principal_id) end
    ) as principal_id,
    min(plantings.user_principal_id) as user_principal_id,
    case when min(principals.principal_id) = max(principals.principal_id) then min(principals.arn) end as arn,
    min(plantings.event_key) as event_key,
    min(plantings.event_name) as event_name,
    min(plantings.event_time)::timestamp as event_time,
    min(deletions.event_time)::timestamp as possibly_deleted_at
from plantings
left join deletions on deletions.planting_id = plantings.planting_id
left join principals
  on  principals.account_id = plantings.account_id
  and (
      principals.principal_id = coalesce(plantings.principal_id, plantings.user_principal_id)
      or (
          coalesce(plantings.principal_id, plantings.user_principal_id) is null
          and principals.kind = case plantings.kind when 'role' then 'role' else 'iam_user' end
          and lower(regexp_extract(principals.arn, '[^/]+$', 0)) = lower(plantings.name)
      )
  )
where plantings.planting_id in (select unnest($ids))
group by plantings.planting_id
order by plantings.planting_id
