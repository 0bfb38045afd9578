-- Create the table of the events from some addresses. $addresses: as logged; $accounts: only events by callers of these
-- accounts, or delivered by their trails; null for all.
create or replace temporary table pivot_copies as
select *
from every_call
where logged_address in (select unnest($addresses::varchar[]))
  and (
      $accounts::varchar[] is null
      or account_id in (select unnest($accounts::varchar[]))
      or recipient_account_id in (select unnest($accounts::varchar[]))
  )
