-- The calls of a story before $leaked_at, UTC: one row, or none.
select
    count(*) as events,
    min(event_time)::timestamp as first_event_time,
    max(event_time)::timestamp as last_event_time,
    count(distinct event_name) as event_names,
    list_slice(list_sort(coalesce(list(distinct source_ip_address) filter (source_ip_address is not null), [])), 1, 12)
        as addresses,
    coalesce(arg_min(event_id, (event_time, event_key), 3) filter (event_id is not null), []) as event_ids
from story_events
where is_wanted
  and event_time < $leaked_at::timestamptz
having count(*) > 0
