-- The times when trails of accounts recorded nothing, or less. $accounts: account IDs.
select account_id, home_region, event_time::timestamp as event_time, until::timestamp as until, event_id
from trail_changes
where effect in ('stopped', 'narrowed')
  -- AssumeRole is still recorded
  and coalesce(leaves_out not in ('some_services', 'other_events'), true)
  and account_id in (select unnest($accounts))
order by account_id, event_time, event_key
