-- The last call of a key that is no later than a time. $at: the time.
select max(event_time)::timestamp as last_use from key_uses where event_time <= $at::timestamptz
