-- Create the table of the events from some addresses. $addresses: as logged.
create or replace temporary table pivot_copies as
select *
from every_call
where logged_address in (select unnest($addresses::varchar[]))
