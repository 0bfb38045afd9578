-- The first $most steps of a story, in chronological order.
select * exclude (place)
from story_steps
order by first_event_time, place
limit $most
