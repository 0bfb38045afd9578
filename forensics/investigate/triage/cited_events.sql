-- The cited events of stories: the key that signed each, the grade of its actor, and the credential at the end of the
-- walk from it. $event_ids: the events; $stories: their stories. Grain: one row per (event, credential).
select distinct
    triage_stories.story,
    events.event_id,
    events.access_key_id,
    actors.grade,
    actors.last_credential_id
from events
join triage_stories on triage_stories.credential_id = events.credential_id
join actors on actors.credential_id = events.credential_id
where events.event_id in (select unnest($event_ids))
  and triage_stories.story in (select unnest($stories))
order by triage_stories.story, events.event_id, actors.last_credential_id
