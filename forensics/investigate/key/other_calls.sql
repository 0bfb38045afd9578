-- The calls that a page does not count: one row, or none. $part: earlier or left_out; $most: number of addresses;
-- $most_events: number of events, from the first.
select
    count(*) as events,
    min(event_time)::timestamp as first_use,
    max(event_time)::timestamp as last_use,
    list_slice(
        list_sort(coalesce(list(distinct source_ip_address) filter (source_ip_address is not null), [])), 1, $most
    ) as addresses,
    count(distinct source_ip_address) as addresses_total,
    coalesce(arg_min(event_id, (event_time, event_key), $most_events) filter (event_id is not null), []) as event_ids
from key_calls
where part = $part
having count(*) > 0
