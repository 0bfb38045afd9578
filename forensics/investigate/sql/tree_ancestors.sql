-- Who requested the subject's credentials, nearest first. $ids: credential IDs.
select distinct credentials.access_key_id, walk.depth, credentials.credential_id as id
from walk
join credentials on credentials.credential_id = walk.ancestor_credential_id
where walk.credential_id in (select unnest($ids))
  and walk.ancestor_credential_id not in (select unnest($ids))
order by walk.depth, credentials.access_key_id
