-- Calls that succeeded although the key was disabled or deleted, by a logged change or by IAM as of a time; or perhaps
-- disabled: of a second in which it was switched off and on, nothing tells which came last. One row per key, account and
-- what ended it. $most: events cited for each, the first.
with changes as (
    select
        access_key_id,
        account_id,
        event_time as ended_at,
        count(case when change = 'deleted' then 1 end) > 0 as is_deleted,
        count(case when change = 'activated' then 1 end) > 0 as is_on,
        count(case when change = 'deactivated' then 1 end) > 0 as is_off,
        count(case when change = 'created' then 1 end) > 0 as is_made
    from access_key_changes
    where succeeded
      and change in ('created', 'activated', 'deactivated', 'deleted')
      and access_key_id is not null
    group by access_key_id, account_id, event_time
),

logged as (
    select
        access_key_id,
        account_id,
        case
            when is_deleted then 'deleted'
            when is_on and is_off then 'switched_both_ways'
            when is_off then 'deactivated'
        end as change,
        is_on or is_made as is_on,
        ended_at,
        lead(ended_at) over (partition by access_key_id, account_id order by ended_at) as until
    from changes
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
      and logged.is_on
    where keys.status <> 'Active'
    group by keys.access_key_id, keys.status_as_of
),

ends as (
    select access_key_id, account_id, change, ended_at, until from logged where change is not null
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
      and events.outcome = 'succeeded'
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
order by access_key_id, account_id, ended_at, change
