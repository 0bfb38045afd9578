-- amended_rows: rows that an amended event replaces: the event before, and its addenda.
-- Grain: one row per (path, file_row_number).

select path, file_row_number from to_amend
union all
select path, file_row_number from pending_addenda
where event_key in (select event_key from to_amend)
