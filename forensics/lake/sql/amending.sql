-- amending: whether any record amends an event.
-- Grain: one row if any does, otherwise none.

select 1 as found
from read_parquet($files, hive_partitioning = false)
where amends is not null
limit 1
