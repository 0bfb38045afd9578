-- The number of loaded digests.
select count(*) as digests from digests
