-- The calls that a page does not count: one row, or none. $part: earlier, left_out or unreliable; $most: number of
-- events, from the first. `addresses`: all of them.
select
    count(*) as events,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    coalesce(list(distinct source_ip_address) filter (source_ip_address is not null), []) as addresses,
    coalesce(
        arg_min((event_time::timestamp, event_id), (event_time, event_key), $most) filter (event_id is not null), []
    ) as first_events
from key_calls
where part = $part
having count(*) > 0
