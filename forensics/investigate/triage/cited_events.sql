-- The cited events of stories: the key that signed each, and the grade of its actor. $event_ids: the events; $stories:
-- their stories. Grain: one row per (event, key, grade).
select distinct
    triage_stories.story,
    events.event_id,
    events.access_key_id,
    actors.grade
from events
join triage_stories on triage_stories.credential_id = events.credential_id
join actors on actors.credential_id = events.credential_id
where events.event_id in (select unnest($event_ids))
  and triage_stories.story in (select unnest($stories))
order by triage_stories.story, events.event_id
