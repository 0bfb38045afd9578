-- Plantings with their ARN and ID, if a record has them. $ids: planting IDs.
select
    plantings.planting_id as id,
    min(plantings.kind) as kind,
    min(plantings.account_id) as account_id,
    min(plantings.name) as name,
    min(plantings.access_key_id) as access_key_id,
    coalesce(min(plantings.principal_id), min(principals.principal_id)) as principal_id,
    min(principals.arn) as arn,
    min(plantings.event_key) as event_key,
    min(plantings.event_time)::timestamp as event_time
from plantings
left join principals
  on  principals.account_id = plantings.account_id
  and (
      principals.principal_id = plantings.principal_id
      or (
          plantings.principal_id is null
          and principals.kind = case plantings.kind when 'role' then 'role' else 'iam_user' end
          and principals.arn like 'arn:%/' || plantings.name
      )
  )
where plantings.planting_id in (select unnest($ids))
group by plantings.planting_id
order by plantings.planting_id
