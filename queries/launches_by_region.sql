-- title: Launches, and the first in each region
-- question: Who launched instances and created functions, with which key, and which launch is the first in its region?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1496.001, T1535
-- columns: event_time, workload_type, workload_id, account_id, aws_region, is_first_in_region, actor_name, actor_id,
--   actor_kind, grade, origin_access_key_id, event_id

with numbered as (
    select
        *,
        row_number() over (
            partition by account_id, aws_region order by event_time, workload_id, event_key
        ) = 1 as is_first_in_region
    from launches
)

select
    launches.event_time,
    launches.workload_type,
    launches.workload_id,
    launches.account_id,
    launches.aws_region,
    launches.is_first_in_region,
    events.actor_name,
    events.actor_id,
    events.actor_kind,
    events.grade,
    events.origin_access_key_id,
    launches.event_id
from numbered as launches
join filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
  on  events.event_key = launches.event_key
order by launches.event_time, launches.workload_id, launches.event_key
