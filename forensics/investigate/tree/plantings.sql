-- Plantings with their ARN and ID, if a record has them, and with the ID of the user that certainly had the name then.
-- $ids: planting IDs.
select
    plantings.planting_id as id,
    min(plantings.kind) as kind,
    min(plantings.account_id) as account_id,
    min(plantings.name) as name,
    min(plantings.access_key_id) as access_key_id,
    coalesce(
        min(plantings.principal_id),
        min(user_changes.user_principal_id),
        case when min(principals.principal_id) = max(principals.principal_id) then min(principals.principal_id) end
    ) as principal_id,
    case
        when min(plantings.kind) = 'user' then min(plantings.principal_id)
        else min(user_changes.user_principal_id)
    end as user_principal_id,
    case when min(principals.principal_id) = max(principals.principal_id) then min(principals.arn) end as arn,
    min(plantings.event_key) as event_key,
    min(plantings.event_time)::timestamp as event_time
from plantings
left join user_changes on user_changes.event_key = plantings.event_key
left join principals
  on  principals.account_id = plantings.account_id
  and (
      principals.principal_id = coalesce(plantings.principal_id, user_changes.user_principal_id)
      or (
          coalesce(plantings.principal_id, user_changes.user_principal_id) is null
          and principals.kind = case plantings.kind when 'role' then 'role' else 'iam_user' end
          and principals.arn like 'arn:%/' || plantings.name
      )
  )
where plantings.planting_id in (select unnest($ids))
group by plantings.planting_id
order by plantings.planting_id
