-- How many digests are loaded.
select count(*) as digests from digests
