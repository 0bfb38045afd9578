-- Calls of a key after it was disabled or deleted, or possibly disabled, if it was switched off and on in one second.
-- $key: the key; $uses: the table of its calls; one row per end.
with used as (
    select
        key_ends.account_id,
        key_ends.change,
        key_ends.ended_at,
        key_uses.outcome,
        key_uses.event_time,
        key_uses.event_id,
        row_number() over (
            partition by key_ends.account_id, key_ends.ended_at
            order by key_uses.event_time, key_uses.event_key
        ) as place
    from key_ends
    join query_table($uses) as key_uses
      on  key_uses.account_id = key_ends.account_id
      and key_uses.event_time > key_ends.ended_at
      and coalesce(key_uses.event_time <= key_ends.until, true)
    where key_ends.access_key_id = $key
      and key_ends.change is not null
)

select
    change,
    ended_at::timestamp as ended_at,
    count(case when outcome = 'succeeded' then 1 end) as succeeded,
    count(case when outcome <> 'succeeded' then 1 end) as refused,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    coalesce(list(event_id order by place) filter (where event_id is not null and place <= $most), []) as event_ids
from used
group by account_id, change, ended_at
order by ended_at, account_id
