-- The case's tables and views with their columns, and the comments on both.
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
    tables.name,
    tables.is_view,
    coalesce(tables.comment, '') as meaning,
    list(
        {
            name: columns.column_name,
            type: replace(lower(columns.data_type), 'timestamp with time zone', 'timestamptz'),
            meaning: coalesce(columns.comment, '')
        }
        order by columns.column_index
    ) as columns
from tables
join duckdb_columns() columns on columns.table_name = tables.name and columns.database_name = current_database()
group by tables.name, tables.is_view, tables.comment
order by tables.name
