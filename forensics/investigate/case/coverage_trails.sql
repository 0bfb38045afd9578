-- Changes of what trails record, with the caller.
select
    trail_changes.home_region,
    {
        event_time: trail_changes.event_time::timestamp,
        event_name: trail_changes.event_name,
        effect: trail_changes.effect,
        account_id: trail_changes.account_id,
        aws_region: trail_changes.aws_region,
        trail: trail_changes.trail,
        until: trail_changes.until::timestamp,
        event_id: trail_changes.event_id,
        ended_by_event_id: trail_changes.ended_by_event_id,
        leaves_out: trail_changes.leaves_out,
        actor: {
            kind: coalesce(actors.actor_kind, 'unknown'),
            id: actors.actor_id,
            name: actors.actor_name,
            arn: actors.actor_arn,
            account_id: actors.actor_account_id,
            workload_type: actors.workload_type,
            issuer: actors.issuer,
            provider: actors.provider,
            identity_store_arn: actors.identity_store_arn
        }
    } as change
from trail_changes
left join actors on actors.credential_id = trail_changes.credential_id
where trail_changes.effect in ('stopped', 'narrowed', 'changed')
  and trail_changes.event_time is not null
order by trail_changes.event_time, trail_changes.event_key
