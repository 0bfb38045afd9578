-- Calls signed by a key while it was disabled or deleted, or perhaps disabled: of a second in which it was switched off
-- and on, nothing tells which came last. $key: the key; one row per second that ended it.
with changes as (
    select
        account_id,
        event_time as ended_at,
        count(case when change = 'deleted' then 1 end) > 0 as is_deleted,
        count(case when change = 'activated' then 1 end) > 0 as is_on,
        count(case when change = 'deactivated' then 1 end) > 0 as is_off
    from access_key_changes
    where access_key_id = $key
      and succeeded
      and change in ('created', 'activated', 'deactivated', 'deleted')
    group by account_id, event_time
),

spans as (
    select
        account_id,
        ended_at,
        case
            when is_deleted then 'deleted'
            when is_on and is_off then 'switched_both_ways'
            when is_off then 'deactivated'
        end as change,
        lead(ended_at) over (partition by account_id order by ended_at) as until
    from changes
),

used as (
    select
        spans.account_id,
        spans.change,
        spans.ended_at,
        key_uses.outcome,
        key_uses.event_time,
        key_uses.event_id,
        row_number() over (
            partition by spans.account_id, spans.ended_at
            order by key_uses.event_time, key_uses.event_key
        ) as place
    from spans
    join key_uses
      on  key_uses.account_id = spans.account_id
      and key_uses.event_time > spans.ended_at
      and coalesce(key_uses.event_time <= spans.until, true)
    where spans.change is not null
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
group by account_id, change, ended_at
order by ended_at, account_id
