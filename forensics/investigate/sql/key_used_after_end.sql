-- Calls signed by a key while it was disabled or deleted. $key: the key; one row per change that ended it.
with spans as (
    select
        event_key,
        account_id,
        change,
        event_time as ended_at,
        lead(event_time) over (partition by account_id order by event_time, event_key) as until
    from access_key_changes
    where access_key_id = $key
      and succeeded
      and change in ('created', 'activated', 'deactivated', 'deleted')
),

used as (
    select
        spans.event_key,
        spans.change,
        spans.ended_at,
        key_uses.outcome,
        key_uses.event_time,
        key_uses.event_id,
        row_number() over (partition by spans.event_key order by key_uses.event_time, key_uses.event_key) as place
    from spans
    join key_uses
      on  key_uses.account_id = spans.account_id
      and key_uses.event_time > spans.ended_at
      and coalesce(key_uses.event_time <= spans.until, true)
    where spans.change in ('deactivated', 'deleted')
)

select
    change,
    ended_at::timestamp as ended_at,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome <> 'succeeded' then 1 end) as refused,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    list(event_id order by place) filter (where event_id is not null and place <= $most) as event_ids
from used
group by event_key, change, ended_at
order by ended_at, event_key
