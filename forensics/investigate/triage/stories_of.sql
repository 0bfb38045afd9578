-- The stories of credentials. $ids: credential IDs. Grain: one row per credential.
select credential_id, story
from triage_stories
where credential_id in (select unnest($ids))
