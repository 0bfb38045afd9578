-- Credentials that called only one service. $ids: credential IDs; $keys: their access keys.
select credential_id, min(event_source) as event_source
from events
where access_key_id in (select unnest($keys))
  and credential_id in (select unnest($ids))
group by credential_id
having min(event_source) = max(event_source)
order by credential_id
