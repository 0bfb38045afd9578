-- The log files that no proven digest lists, with one path of each.
select sha256 as source_sha256, min(path) as path
from source_files
where sha256 is not null
  and kind is null
  and status in ('ok', 'failed')
  and coalesce(inflated_sha256, '') not in (select content_sha256 from digest_listings where is_proven)
group by sha256
order by path
