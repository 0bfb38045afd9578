-- Create the table of the calls that some credentials signed. $ids: credential IDs; $first, $last: the days of their
-- first and last use; files of other days are skipped. Of a call that was delivered to several accounts, the caller's own
-- copy.
create or replace temporary table pivot_calls as
select *
from every_call
where credential_id in (select unnest($ids::varchar[]))
  and (event_date is null or event_date between $first::date and $last::date)
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key)
    order by coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
