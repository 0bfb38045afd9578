-- The refused calls of a page, by action and error. Grain: one row per (event_source, event_name, error_code). $most:
-- the number of rows, the most frequent first.
with counted as (
    select
        event_source,
        event_name,
        error_code,
        count(*) as events,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        arg_min(event_id, (event_time, event_key)) as event_id
    from pivot_calls
    where outcome <> 'succeeded'
    group by event_source, event_name, error_code
)

select
    {
        event_source: event_source, event_name: event_name, error_code: error_code, events: events,
        first_use: first_use, last_use: last_use, event_id: event_id
    } as listed,
    count(*) over () as total
from counted
order by events desc, event_source, event_name, error_code
limit $most
