-- Create the table of the calls from some addresses. $addresses: as logged. Of a call that was delivered to several
-- accounts, the caller's own copy.
create or replace temporary table pivot_calls as
select *
from every_call
where logged_address in (select unnest($addresses::varchar[]))
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key)
    order by coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
