-- The last call of a key up to a time. $at: the time.
select max(event_time)::timestamp as last_use from key_uses where event_time <= $at::timestamptz
