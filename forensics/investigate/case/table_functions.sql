-- The names of all functions that return a table.
select distinct function_name as name
from duckdb_functions()
where function_type in ('table', 'table_macro')
order by name
