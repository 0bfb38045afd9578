-- The time of the latest event of the case, or of the latest ingest if no event has a readable time.
select coalesce(
    (select max(last_event_time)::timestamp from coverage),
    (select max(ingested_at)::timestamp from source_files)
) as at
