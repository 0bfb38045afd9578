-- The $most actors with the most events of a story. Grain: one row per actor and grade.
select
    actor_kind as kind,
    actor_id as id,
    actor_name as name,
    actor_issuer as issuer,
    grade,
    count(*) as events
from story_events
where is_wanted
group by actor_kind, actor_id, actor_name, actor_issuer, grade
order by events desc, actor_kind, actor_id, actor_name, actor_issuer, grade
limit $most
