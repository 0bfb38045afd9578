-- Status changes of long-term keys, ordered by time.
select
    changes.access_key_id,
    changes.account_id,
    changes.change,
    changes.event_time::timestamp as event_time,
    evidence.event_id
from access_key_changes as changes
left join evidence on evidence.event_key = changes.event_key
where changes.succeeded
  and changes.access_key_id is not null
order by changes.event_time, changes.event_key
