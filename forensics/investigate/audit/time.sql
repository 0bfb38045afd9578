-- The effective time of an audit: the time of the latest reliable event or export.
select greatest(
    (select max(last_reliable_event_time) from coverage),
    (select max(as_of) from exports)
)::timestamp as at
