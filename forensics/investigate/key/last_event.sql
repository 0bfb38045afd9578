-- The latest event of the case: what a credential's end is compared with.
select max(last_event_time)::timestamp as last_event_time from coverage
