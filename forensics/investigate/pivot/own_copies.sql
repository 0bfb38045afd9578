-- Create the table of the calls of a page. Of an event that was delivered to several accounts, the caller's own copy
-- is kept. Calls whose record proves nothing are left out; `unproven` lists them. Grain: one row per call.
create or replace temporary table pivot_calls as
select *
from pivot_copies
where not unreliable
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key), event_time, event_source, event_name
    order by coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
