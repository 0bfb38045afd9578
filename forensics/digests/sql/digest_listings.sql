-- digest_listings: the log files that digests list, and whether they are here.
-- Grain: one row per (digest, listed file). CloudTrail's file names are unique, so a file with the name and other
-- content is the listed one, changed.

with present as (
    select distinct inflated_sha256 as content_sha256
    from source_files
    where inflated_sha256 is not null and kind is null
),

named as (
    select distinct regexp_replace(regexp_replace(name, '^.*/', ''), '\.gz$', '') as base_name
    from source_files
    where sha256 is not null and kind is null
)

select distinct
    digest_files.digest_sha256,
    digests.status as digest_status,
    digests.is_proven,
    digest_files.s3_bucket,
    digest_files.s3_object,
    regexp_replace(regexp_replace(digest_files.s3_object, '^.*/', ''), '\.gz$', '') as base_name,
    digest_files.content_sha256,
    digest_files.first_event_time,
    digest_files.last_event_time,
    case
        when present.content_sha256 is not null then 'present'
        when named.base_name is not null then 'changed'
        else 'missing'
    end as state
from digest_files
join digests on digests.digest_sha256 = digest_files.digest_sha256
left join present on present.content_sha256 = digest_files.content_sha256
left join named
  on named.base_name = regexp_replace(regexp_replace(digest_files.s3_object, '^.*/', ''), '\.gz$', '')
