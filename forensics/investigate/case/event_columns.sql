-- The columns of attributed_events, in their order.
select column_name as name, data_type = 'TIMESTAMP WITH TIME ZONE' as has_zone
from duckdb_columns()
where table_name = 'attributed_events' and database_name = current_database()
order by column_index
