-- One row: the number of events of a story. `events_total`: also those that its criteria exclude.
select
    count(*) filter (is_wanted) as events,
    count(*) filter (is_wanted and not is_certain) as possible,
    count(*) filter (is_wanted and unreliable) as unreliable,
    count(*) as events_total,
    count(*) filter (is_wanted and event_time is null) as undated,
    min(event_time) filter (is_wanted)::timestamp as first_event_time,
    max(event_time) filter (is_wanted)::timestamp as last_event_time,
    count(distinct (actor_kind, actor_id, actor_name, actor_issuer, grade)) filter (is_wanted) as actors_total,
    (select count(*) from story_steps) as steps_total
from story_events
