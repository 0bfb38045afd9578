-- The trust policies that were set after planted ones, until a time or at an unknown time, and whether each keeps the
-- planted trust: nothing, possibly or certainly.
-- $ids: planting IDs; $at: the time, UTC.
select
    planting_id,
    event_time::timestamp as event_time,
    case
        when max(keeps = 'certainly') then 'certainly'
        when max(keeps = 'possibly') then 'possibly'
        else 'nothing'
    end as keeps
from kept_trust
where planting_id in (select unnest($ids))
  and planting_id <> 'role|' || event_key
  and coalesce(event_time::timestamp <= $at, true)
group by planting_id, event_key, event_time
order by planting_id, event_time, event_key
