-- The launches of workloads. $workloads: their short names. A later launch with the same name is another workload.
select
    launches.workload_type as launched_type,
    launches.workload_id,
    launches.account_id,
    launches.aws_region,
    launches.event_time::timestamp as event_time,
    launches.event_id,
    {
        kind: coalesce(actors.actor_kind, 'unknown'),
        id: actors.actor_id,
        name: actors.actor_name,
        arn: actors.actor_arn,
        account_id: actors.actor_account_id,
        workload_type: actors.workload_type,
        issuer: actors.issuer,
        provider: actors.provider,
        identity_store_arn: actors.identity_store_arn
    } as actor
from launches
left join actors on actors.credential_id = launches.credential_id
where launches.workload_id in (select unnest($workloads))
order by launches.workload_id, launches.event_time, launches.event_key
