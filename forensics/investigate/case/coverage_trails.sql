-- Changes of what trails record, with the caller.
select
    trail_changes.event_time::timestamp as event_time,
    trail_changes.event_name,
    trail_changes.effect,
    trail_changes.account_id,
    trail_changes.aws_region,
    trail_changes.trail,
    trail_changes.home_region,
    trail_changes.until::timestamp as until,
    trail_changes.event_id,
    trail_changes.ended_by_event_id,
    actors.actor_kind,
    actors.actor_id,
    actors.actor_name,
    actors.actor_arn,
    actors.actor_account_id,
    actors.workload_type,
    actors.issuer,
    actors.provider,
    actors.identity_store_arn as actor_identity_store_arn
from trail_changes
left join actors on actors.credential_id = trail_changes.credential_id
where trail_changes.effect in ('stopped', 'narrowed', 'changed')
order by trail_changes.event_time, trail_changes.event_key
