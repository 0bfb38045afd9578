-- The calls of a story that can give access to somebody, with their parameters as JSON. $names: their event names,
-- without the version that some services append. Grain: one row per event.
select
    story_events.event_key,
    regexp_replace(story_events.event_name, '[0-9]{8}(v[0-9]+)?$', '') as name,
    story_events.recipient_account_id as account_id,
    (events.record -> '$.requestParameters')::varchar as parameters
from story_events
join events on events.event_key = story_events.event_key
where regexp_replace(story_events.event_name, '[0-9]{8}(v[0-9]+)?$', '') in (select unnest($names::varchar[]))
  and not story_events.unreliable
order by story_events.event_key
