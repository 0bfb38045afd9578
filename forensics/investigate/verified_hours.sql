-- Runs of hours whose delivered events are all loaded.
select account_id, aws_region, start_hour::timestamp as start_hour, end_hour::timestamp as end_hour
from verified_hours
order by account_id, aws_region, start_hour
