-- Create the table of the events that some credentials signed. $ids: credential IDs; $first, $last: the days of their
-- first and last use; files of other days are skipped.
create or replace temporary table pivot_copies as
select *
from every_call
where credential_id in (select unnest($ids::varchar[]))
  and (event_date is null or event_date between $first::date and $last::date)
