-- The lake's files of events that the database was made of.
select path from events_files order by path
