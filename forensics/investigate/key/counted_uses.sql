-- Create the view of the counted calls, for the queries with $uses. Grain: one row per event.
create or replace temporary view key_uses as
select * from key_calls where part = 'counted'
