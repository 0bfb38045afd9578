-- One row: what a story covers.
select
    count(*) as events,
    count(*) - count(event_time) as undated,
    min(event_time)::timestamp as first_event_time,
    max(event_time)::timestamp as last_event_time,
    (select count(*) from story_steps) as steps_total
from story_events
