-- contested_digests: proven digests of one region and time that different keys signed. Grain: one row per digest.
-- AWS signs all digests of a region with one key, so one of the keys is not AWS's, and nothing here tells which: neither
-- digest proves a file.

select distinct digests.digest_sha256
from digests
join digests as others
  on  others.aws_region = digests.aws_region
  and others.start_time < digests.end_time
  and others.end_time > digests.start_time
  and others.proven_by <> digests.proven_by
where digests.is_proven
  and others.is_proven
  and not digests.is_backfill
  and not others.is_backfill
