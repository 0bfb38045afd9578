-- Hours whose events would be here if they had been delivered, run by run.
select account_id, aws_region, start_hour::timestamp as start_hour, end_hour::timestamp as end_hour
from verified_hours
order by account_id, aws_region, start_hour
