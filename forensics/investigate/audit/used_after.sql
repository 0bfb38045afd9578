-- Successful calls after a key was disabled or deleted, by a logged change or by IAM at a time; or possibly disabled,
-- if it was switched off and on in one second. One row per key, account and end. $most: number of cited events, from
-- the first.
with exported as (
    select
        keys.access_key_id,
        'inactive' as change,
        keys.status_as_of as ended_at,
        min(key_ends.ended_at) as until
    from exported_keys as keys
    left join key_ends
      on  key_ends.access_key_id = keys.access_key_id
      and key_ends.ended_at > keys.status_as_of
      and key_ends.is_on
    where keys.status <> 'Active'
    group by keys.access_key_id, keys.status_as_of
),

ends as (
    select access_key_id, account_id, change, ended_at, until from key_ends where change is not null
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
    where events.outcome = 'succeeded'
)

select
    access_key_id,
    account_id,
    change,
    coalesce(list(event_id order by place) filter (where event_id is not null and place <= $most), []) as event_ids
from used
group by access_key_id, account_id, change, ended_at
order by access_key_id, account_id, ended_at, change
