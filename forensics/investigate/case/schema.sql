-- Every column of the case's tables and views, with the comments on both.
with tables as (
    select table_name as name, false as is_view, comment
    from duckdb_tables()
    where database_name = current_database() and not internal

    union all

    select view_name, true, comment
    from duckdb_views()
    where database_name = current_database() and not internal
)

select
    tables.name as table_name,
    tables.is_view,
    coalesce(tables.comment, '') as table_meaning,
    columns.column_name as name,
    replace(lower(columns.data_type), 'timestamp with time zone', 'timestamptz') as type,
    coalesce(columns.comment, '') as meaning
from tables
join duckdb_columns() columns on columns.table_name = tables.name and columns.database_name = current_database()
order by tables.name, columns.column_index
