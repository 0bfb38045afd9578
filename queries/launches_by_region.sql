-- title: Launches, and the first in each region
-- question: Who launched instances and created functions, with which key, and which launch is the first in its region?
-- techniques: T1496.001, T1535
-- columns: event_time, workload_type, workload_id, account_id, aws_region, is_first_in_region, actor_name, actor_id,
--   actor_kind, grade, origin_access_key_id, event_id

select
    launches.event_time,
    launches.workload_type,
    launches.workload_id,
    launches.account_id,
    launches.aws_region,
    row_number() over (
        partition by launches.account_id, launches.aws_region
        order by launches.event_time, launches.workload_id, launches.event_key
    ) = 1 as is_first_in_region,
    actors.actor_name,
    actors.actor_id,
    actors.actor_kind,
    actors.grade,
    actors.origin_access_key_id,
    launches.event_id
from launches
left join actors on actors.credential_id = launches.credential_id
order by launches.event_time, launches.workload_id, launches.event_key
