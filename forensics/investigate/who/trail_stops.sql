-- The times when trails of accounts recorded nothing, or less. $accounts: account IDs.
select
    account_id,
    home_region,
    event_time::timestamp as event_time,
    until::timestamp as until,
    event_id,
    -- AssumeRole is still recorded
    coalesce(leaves_out = 'other_events', false) as has_assume_role
from trail_changes
where effect in ('stopped', 'narrowed')
  -- AWS STS is still recorded
  and coalesce(leaves_out <> 'some_services', true)
  and account_id in (select unnest($accounts))
order by account_id, event_time, event_key
