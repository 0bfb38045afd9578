-- The actors of a story. Grain: one row per actor and grade, the one with the most events first.
select actor_kind as kind, actor_id as id, actor_name as name, grade, count(*) as events
from story_events
group by actor_kind, actor_id, actor_name, grade
order by events desc, actor_kind, actor_id, actor_name, grade
limit 10
