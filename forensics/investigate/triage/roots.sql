-- The credentials at the beginning of stories. A temporary credential from which nothing derives is left out if it was
-- last used more than 36 hours before $at, the latest event: no session lasts longer. $stories: the stories.
-- Grain: one row per (story, credential).
select distinct triage_stories.story, actors.last_credential_id
from triage_stories
join actors on actors.credential_id = triage_stories.credential_id
join credentials on credentials.credential_id = actors.last_credential_id
where triage_stories.story in (select unnest($stories))
  and (
      coalesce(credentials.access_key_id not like 'ASIA%', true)
      or coalesce(credentials.last_use >= $at::timestamp - interval 36 hour, true)
      or actors.last_credential_id in (select ancestor_id from derived)
  )
order by triage_stories.story, actors.last_credential_id
