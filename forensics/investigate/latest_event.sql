-- The time of the latest reliable event of the case. Without such an event, the time of the latest ingest.
select coalesce(
    (select max(last_reliable_event_time)::timestamp from coverage),
    (select max(ingested_at)::timestamp from source_files)
) as at
