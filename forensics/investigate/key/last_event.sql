-- The time of the latest event of the case, to compare expiry times with.
select max(last_event_time)::timestamp as last_event_time from coverage
