-- The parts of a SELECT statement that decide what it can do: query nodes, functions and tables. `is_table`: whether a
-- function of that name returns a table.
with parts as (
    select key, lower(atom ->> '$') as name
    from json_tree(json_serialize_sql($statement))
    where key in ('type', 'function_name', 'table_name') and json_type(atom) = 'VARCHAR'
)

select distinct
    key,
    name,
    key = 'function_name' and name in (
        select function_name from duckdb_functions() where function_type in ('table', 'table_macro')
    ) as is_table
from parts
where key <> 'type' or name like '%\_node' escape '\'
order by key, name
