-- The time range of the loaded digests of each region.
-- Grain: one row per aws_region.
select aws_region, min(start_time) as start, max(end_time) as "end"
from digests
group by aws_region
order by aws_region
