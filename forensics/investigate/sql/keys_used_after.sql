-- Calls that succeeded although the key was disabled or deleted, by a logged change or by IAM as of a time. One row per
-- key, account and what ended it. $most: events cited for each, the first.
with logged as (
    select
        access_key_id,
        account_id,
        change,
        event_time as ended_at,
        lead(event_time) over (partition by access_key_id, account_id order by event_time, event_key) as until
    from access_key_changes
    where succeeded
      and change in ('created', 'activated', 'deactivated', 'deleted')
      and access_key_id is not null
),

exported as (
    select
        keys.access_key_id,
        'inactive' as change,
        keys.status_as_of as ended_at,
        min(logged.ended_at) as until
    from exported_keys as keys
    left join logged
      on  logged.access_key_id = keys.access_key_id
      and logged.ended_at > keys.status_as_of
      and logged.change in ('created', 'activated')
    where keys.status <> 'Active'
    group by keys.access_key_id, keys.status_as_of
),

ends as (
    select access_key_id, account_id, change, ended_at, until from logged where change in ('deactivated', 'deleted')
    union all
    select access_key_id, null, change, ended_at, until from exported
),

used as (
    select
        events.access_key_id,
        events.account_id,
        ends.change,
        ends.ended_at,
        events.event_id,
        row_number() over (
            partition by events.access_key_id, events.account_id, ends.change, ends.ended_at
            order by events.event_time, events.event_key
        ) as place
    from events
    join ends
      on  ends.access_key_id = events.access_key_id
      and (ends.account_id is null or ends.account_id = events.account_id)
      and events.event_time > ends.ended_at
      and coalesce(events.event_time <= ends.until, true)
    where events.access_key_id like 'AKIA%'
      and events.error_code is null
      and events.error_message is null
)

select
    access_key_id,
    account_id,
    change,
    ended_at::timestamp as ended_at,
    count(*) as calls,
    list(event_id order by place) filter (where event_id is not null and place <= $most) as event_ids
from used
group by access_key_id, account_id, change, ended_at
order by access_key_id, account_id, ended_at
