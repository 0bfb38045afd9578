-- trail_changes: calls that changed what a trail records, and until when that applied.
-- Grain: one row per event. `effect`: stopped (StopLogging, DeleteTrail), narrowed (a PutEventSelectors or UpdateTrail
-- that leaves out events or regions), widened (one that includes all again), resumed (StartLogging, CreateTrail),
-- changed. `until` is null if no loaded event ended it. A trail that was narrowed to its own region still records in
-- `home_region`.

with changes as (
    select
        event_key,
        event_id,
        event_time,
        event_name,
        recipient_account_id as account_id,
        aws_region,
        credential_id,
        regexp_extract(target_trail, '[^/]+$', 0) as trail,
        case
            when event_name = 'UpdateTrail' and target_trail like 'arn:%:cloudtrail:%:%:trail/%'
                then regexp_extract(target_trail, '^arn:[^:]*:cloudtrail:([^:]*):', 1)
            when event_name = 'UpdateTrail' then aws_region
        end as home_region,
        case
            when event_name in ('StopLogging', 'DeleteTrail') then 'stopped'
            when event_name in ('StartLogging', 'CreateTrail') then 'resumed'
            when narrows_trail then 'narrowed'
            when not narrows_trail then 'widened'
            else 'changed'
        end as effect,
        trail_leaves_out as leaves_out
    from telling_events
    where event_source = 'cloudtrail.amazonaws.com'
      and event_name in (
          'StopLogging', 'DeleteTrail', 'StartLogging', 'CreateTrail', 'PutEventSelectors', 'UpdateTrail'
      )
      and error_code is null
      and not unreliable
),

ends as (
    select
        changes.event_key,
        later.event_time as until,
        later.event_id as ended_by_event_id,
        row_number() over (partition by changes.event_key order by later.event_time, later.event_key) as place
    from changes
    join changes later
      on  later.account_id = changes.account_id
      and later.trail = changes.trail
      and later.event_time > changes.event_time
    where (changes.effect = 'stopped' and later.effect = 'resumed')
       or (changes.effect = 'narrowed' and later.effect = 'widened' and later.event_name = changes.event_name)
       or (changes.effect = 'narrowed' and later.event_name = 'CreateTrail')
)

select
    changes.event_key,
    changes.event_id,
    changes.event_time,
    changes.event_name,
    changes.account_id,
    changes.aws_region,
    changes.credential_id,
    changes.trail,
    changes.home_region,
    changes.effect,
    changes.leaves_out,
    ends.until,
    ends.ended_by_event_id
from changes
left join ends on ends.event_key = changes.event_key and ends.place = 1
