-- The last call of each credential that succeeded until a time, and the last one that needs a permission. $ids:
-- credential IDs; $at: the time.
select
    credential_id as id,
    max(event_time)::timestamp as last_success,
    max(
        case when event_source <> 'sts.amazonaws.com' or event_name <> 'GetCallerIdentity' then event_time end
    )::timestamp as last_permitted
from events
where credential_id in (select unnest($ids))
  and error_code is null
  and not unreliable
  and event_time::timestamp <= $at
group by credential_id
order by credential_id
