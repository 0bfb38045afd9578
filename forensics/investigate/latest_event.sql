-- The time of the latest reliable event of the case, or of the latest ingest if there is none.
select coalesce(
    (select max(last_reliable_event_time)::timestamp from coverage),
    (select max(ingested_at)::timestamp from source_files)
) as at
