-- The first call of a page: one row, or none.
select
    event_id,
    event_time::timestamp as event_time,
    event_name,
    outcome,
    coalesce(actor_name, actor_id, principal) as by_name,
    access_key_id,
    source_ip_address,
    aws_region
from pivot_calls
order by event_time, event_key
limit 1
