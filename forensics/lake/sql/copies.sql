-- copies: the rows of events that may have several copies, by file and row number.
-- Grain: one row per (path, file_row_number).

with rows as (
    select
        key_of(event_id, recipient_account_id, content_sha256) as event_key,
        filename,
        file_row_number,
        unreliable,
        delivery,
        source_sha256,
        position,
        raw
    from read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)
)
select
    event_key,
    path,
    is_new,
    filename,
    file_row_number,
    sha256(raw) as raw_sha256,
    delivery,
    unreliable,
    source_sha256,
    position
from rows
join files using (filename)
where hash(event_key) in (select key_hash from shared_keys)
