-- The absolute paths of the lake's files of events that the database was built from.
select built.case_folder || '/' || events_files.path as path
from events_files
cross join built
order by 1
