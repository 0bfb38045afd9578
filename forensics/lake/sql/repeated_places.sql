-- repeated_places: rows from the same place in a source as an earlier row; committed rows are the earliest.
-- Grain: one row per (path, file_row_number).

with places as (
    select
        path,
        file_row_number,
        row_number() over (partition by {place} order by is_new, path, file_row_number) as nth
    from read_parquet($files, filename = true, file_row_number = true)
    join files using (filename)
)
select path, file_row_number from places
where nth > 1
