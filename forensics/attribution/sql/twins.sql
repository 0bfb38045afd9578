-- twins: calls across accounts that both accounts logged. Grain: one row per redacted copy whose caller's own copy is
-- loaded.
-- The caller's credential is the one that its own copy names (rule F: sharedEventID, second and caller are equal).

select
    redacted.event_key,
    min(own.credential_id) as credential_id
from events redacted
join events own
  on  own.shared_event_id = redacted.shared_event_id
  and own.event_time = redacted.event_time
  and own.principal_id = redacted.principal_id
  and own.account_id = redacted.account_id
where redacted.identity_type = 'AWSAccount'
  and own.identity_type <> 'AWSAccount'
  and own.credential_id is not null
  and not redacted.unreliable
  and not own.unreliable
group by redacted.event_key
having count(distinct own.credential_id) = 1
