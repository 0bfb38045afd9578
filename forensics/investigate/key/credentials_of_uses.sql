-- The credentials that made calls. $uses: the table of the calls.
select distinct credential_id from query_table($uses) order by credential_id
