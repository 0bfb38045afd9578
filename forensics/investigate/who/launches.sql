-- The launches of workloads. $workloads: their short names. A later launch with the same name is another workload.
select
    launches.workload_type as launched_type,
    launches.workload_id,
    launches.account_id,
    launches.aws_region,
    launches.event_time::timestamp as event_time,
    launches.event_id,
    actors.actor_kind,
    actors.actor_id,
    actors.actor_name,
    actors.actor_arn,
    actors.actor_account_id,
    actors.workload_type,
    actors.issuer,
    actors.provider,
    actors.identity_store_arn as actor_identity_store_arn
from launches
left join actors on actors.credential_id = launches.credential_id
where launches.workload_id in (select unnest($workloads))
order by launches.workload_id, launches.event_time, launches.event_key
