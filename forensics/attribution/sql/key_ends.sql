-- key_ends: each second in which a long-term key was created, switched or deleted, and until when that applied.
-- Grain: one row per (access_key_id, account_id, ended_at). `change` says what ended the key, and is null if the key
-- was left active; in a second that switched it off and on, the order is unknown. `until` is the next such second.
-- Calls after `ended_at` and up to `until` were made after the end.

with seconds as (
    select
        access_key_id,
        account_id,
        event_time,
        max(change = 'deleted') as is_deleted,
        max(change = 'activated') as is_activated,
        max(change = 'deactivated') as is_deactivated,
        max(change = 'created') as is_created
    from access_key_changes
    where succeeded
      and change in ('created', 'activated', 'deactivated', 'deleted')
      and access_key_id is not null
    group by access_key_id, account_id, event_time
)

select
    access_key_id,
    account_id,
    event_time as ended_at,
    case
        when is_deleted then 'deleted'
        when is_activated and is_deactivated then 'switched_both_ways'
        when is_deactivated then 'deactivated'
    end as change,
    is_activated or is_created as is_on,
    lead(event_time) over (partition by access_key_id, account_id order by event_time) as until
from seconds
