-- The $most steps of a story with the highest score, in chronological order. Grain: one row per step.
select * exclude (place)
from (
    select *
    from story_steps
    order by score desc, first_event_time, place
    limit $most
)
order by first_event_time, place
