-- to_amend: events with an addendum that is not yet applied; for an event that arrived again, all of its addenda.
-- Grain: one row per event_key.

with events as (
    select
        key_of(event_id, recipient_account_id, content_sha256) as event_key,
        path,
        is_new,
        file_row_number,
        flags,
        unreliable,
        delivery,
        source_sha256,
        position,
        raw
    from read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)
    join files using (filename)
    where amends is null
)
select events.* exclude (is_new)
from events
anti join losers using (path, file_row_number)
where event_key in (select event_key from pending_addenda)
   or (is_new and event_key in (select event_key from old_addenda))
