-- pending_addenda: addenda that are stored as events, because the event that they amend was not in the case.
-- Grain: one row per (path, file_row_number).

select
    key_of(amends, recipient_account_id, null) as event_key,
    key_of(event_id, recipient_account_id, content_sha256) as addendum_key,
    path,
    file_row_number,
    event_time,
    delivery,
    source_sha256,
    position,
    raw
from read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)
join files using (filename)
anti join losers using (path, file_row_number)
where amends is not null
  and not unreliable
  and recipient_account_id <> ''
