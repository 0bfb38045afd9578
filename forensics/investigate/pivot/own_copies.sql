-- Create the table of the calls of a page. An event that was delivered to several accounts counts once, by the caller's
-- own copy. Grain: one row per call.
create or replace temporary table pivot_calls as
select *
from pivot_copies
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key), event_time, event_source, event_name
    order by coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
