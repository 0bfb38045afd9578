-- verified_hours: hours whose delivered events are all here.
-- Grain: one row per account, region and run of hours. CloudTrail delivers an event minutes later, so an hour counts if
-- its windows and those of the next hour are verified and consecutive, and every record of their files is an event of
-- the case. Digests do not exclude later deliveries. A trail can record data events alone, so only the digests of
-- trails count of which a listed file with a management event is here.

with management_trails as (
    select distinct digests.account_id, digests.trail, digests.home_region, digests.s3_bucket
    from management_files
    join source_files on source_files.sha256 = management_files.source_sha256
    join digest_listings as listings on listings.content_sha256 = source_files.inflated_sha256 and listings.is_proven
    join digests on digests.digest_sha256 = listings.digest_sha256
),

not_wholly_taken as (
    select distinct digest_listings.digest_sha256
    from digest_listings
    join source_files on source_files.inflated_sha256 = digest_listings.content_sha256
    where source_files.rejected > 0 or source_files.filtered > 0
),

windows as (
    select
        windows.account_id,
        windows.aws_region,
        windows.start_time,
        windows.end_time,
        max(windows.end_time) over (
            partition by windows.account_id, windows.aws_region
            order by windows.start_time, windows.end_time
            rows between unbounded preceding and 1 preceding
        ) as reached
    from digest_windows as windows
    join digests on digests.digest_sha256 = windows.digest_sha256
    join management_trails
      on  management_trails.account_id = digests.account_id
      and management_trails.trail = digests.trail
      and management_trails.home_region = digests.home_region
      and management_trails.s3_bucket = digests.s3_bucket
    where windows.is_verified
      and not windows.is_backfill
      and windows.digest_sha256 not in (select digest_sha256 from not_wholly_taken)
),

numbered as (
    select
        *,
        sum(case when reached is null or start_time > reached then 1 else 0 end) over (
            partition by account_id, aws_region
            order by start_time, end_time
            rows between unbounded preceding and current row
        ) as run
    from windows
),

runs as (
    select
        account_id,
        aws_region,
        date_trunc('hour', min(start_time) + interval 59 minute + interval 59 second) as start_hour,
        date_trunc('hour', max(end_time) - interval 1 hour) as end_hour
    from numbered
    group by account_id, aws_region, run
)

select account_id, aws_region, start_hour, end_hour
from runs
where start_hour < end_hour
