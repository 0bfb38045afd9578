-- The crowds of stories. $stories: the stories. Grain: one row per story of a crowd.
select story, {account_id: account_id, role_arn: role_arn, provider: provider}
from triage_crowds
where story in (select unnest($stories))
