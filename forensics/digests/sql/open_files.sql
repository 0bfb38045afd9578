-- The log files that no proven digest lists, under each of their names.
select distinct name, sha256 as source_sha256
from source_files
where sha256 is not null
  and kind is null
  and status in ('ok', 'failed')
  and coalesce(inflated_sha256, '') not in (select content_sha256 from digest_listings where is_proven)
order by name, source_sha256
