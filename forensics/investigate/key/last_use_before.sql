-- The last call of a key up to a time. $uses: the table of its calls; $at: the time.
select max(event_time)::timestamp as last_use from query_table($uses) where event_time <= $at::timestamptz
