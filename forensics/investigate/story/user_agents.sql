-- The user agents of a story.
select distinct user_agent
from story_events
where user_agent is not null
order by user_agent
