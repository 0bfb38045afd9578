-- Creation and deletion of users, and changes of AWS's quarantine policy, ordered by time.
select
    changes.account_id,
    changes.user_name,
    changes.user_principal_id as user_id,
    changes.event_name,
    changes.event_time::timestamp as event_time,
    row_number() over (order by changes.event_time, changes.event_key) as place,
    evidence.event_id
from user_changes as changes
left join evidence on evidence.event_key = changes.event_key
where changes.succeeded
  and (
      changes.event_name in ('CreateUser', 'DeleteUser')
      or (
          changes.policy like '%AWSCompromisedKeyQuarantine%'
          and changes.event_name in ('AttachUserPolicy', 'DetachUserPolicy')
      )
  )
order by place
