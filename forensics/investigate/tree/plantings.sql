-- Plantings with their ARN and ID, if a record has them, and with the ID of their user, if that is certain.
-- $ids: planting IDs.
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
    min(plantings.event_time)::timestamp as event_time
from plantings
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
