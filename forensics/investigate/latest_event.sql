-- The time of the latest event of the case.
select max(last_event_time)::timestamp as at
from coverage
