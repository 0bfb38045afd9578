-- losers: rows that are no longer events.
-- Grain: one row per (path, file_row_number).

select path, file_row_number from ranked
where place > 1
