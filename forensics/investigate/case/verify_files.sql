-- Every log file and digest with its verdict, including missing ones. One row per file name or object. `moved` is not
-- known here.
with listed as (
    select digest_sha256, content_sha256, base_name, s3_bucket, s3_object
    from digest_listings
),

files as (
    select distinct
        name,
        sha256 as source_sha256,
        max(inflated_sha256) over (partition by sha256) as content_sha256,
        regexp_replace(regexp_replace(name, '^.*/', ''), '\.gz$', '') as base_name
    from source_files
    where sha256 is not null
),

present as (
    select
        files.name,
        verdicts.kind,
        verdicts.status,
        verdicts.is_proven,
        case when verdicts.kind = 'digest' then digests.s3_bucket else listed.s3_bucket end as s3_bucket,
        case when verdicts.kind = 'digest' then digests.s3_object else listed.s3_object end as s3_object,
        case when verdicts.kind = 'log' then digests.s3_object end as digest,
        verdicts.reason,
        row_number() over (
            partition by files.name, files.source_sha256, verdicts.kind
            order by case when listed.base_name = files.base_name then 0 else 1 end, listed.s3_bucket, listed.s3_object
        ) as choice
    from files
    join file_verdicts as verdicts on verdicts.source_sha256 = files.source_sha256
    left join digests on digests.digest_sha256 = verdicts.digest_sha256
    left join listed
      on listed.digest_sha256 = verdicts.digest_sha256
      and (
          listed.content_sha256 = files.content_sha256
          or (verdicts.status = 'changed' and listed.base_name = files.base_name)
      )
),

missing_logs as (
    select
        listings.s3_bucket,
        listings.s3_object,
        max(digests.s3_object) as digest,
        max(listings.digest_status) as digest_status,
        bool_or(listings.is_proven) as is_proven
    from digest_listings as listings
    join digests on digests.digest_sha256 = listings.digest_sha256
    where listings.state = 'missing' and listings.digest_status <> 'changed'
    group by listings.s3_bucket, listings.s3_object
)

select name, kind, status, is_proven, null as moved, s3_bucket, s3_object, digest, reason
from present
where choice = 1
union all
select null, 'log', 'missing', is_proven, null, s3_bucket, s3_object, digest, 'listed by a digest, but not loaded'
from missing_logs
union all
select null, 'digest', 'missing', false, null, missing_bucket, missing_object, null,
    'named by the next digest, but not loaded'
from digest_breaks
where kind = 'gap'
order by kind, coalesce(name, s3_object), name, s3_object, s3_bucket, status, digest
