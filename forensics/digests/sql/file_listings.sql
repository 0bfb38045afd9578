-- file_listings: whether a proven digest lists each log file: listed; contested (the digest that lists it is signed
-- with a disputed key); unlisted (proven digests cover its delivery and none lists it); not_covered (no proven digest
-- covers its delivery).
-- Grain: one row per source_sha256; no rows without a proven digest. A file belongs to a trail if it shares the root
-- path, account, region and delivery time of the trail's listed files. Its name is a claim: if its records contradict
-- the name, or the name is not a log file's, the account, region and time of the records decide which windows could
-- have delivered it. A file without its folders may belong to any trail. is_log_file: it has the name of a trail's log
-- file, so its records count even if AWS did not write them in this form.

with windows as (
    select
        account_id,
        aws_region,
        trail,
        home_region,
        s3_bucket,
        start_time,
        end_time,
        max(end_time) over (
            partition by account_id, aws_region, trail, home_region, s3_bucket
            order by start_time, end_time
            rows between unbounded preceding and 1 preceding
        ) as reached
    from digests
    where is_proven and not is_backfill
),

numbered as (
    select
        *,
        sum(case when reached is null or start_time > reached then 1 else 0 end) over (
            partition by account_id, aws_region, trail, home_region, s3_bucket
            order by start_time, end_time
            rows between unbounded preceding and current row
        ) as run
    from windows
),

-- consecutive windows of one trail
covered as (
    select
        account_id,
        aws_region,
        concat_ws('/', trail, home_region, s3_bucket) as trail,
        min(start_time) as start_time,
        max(end_time) as end_time
    from numbered
    group by account_id, aws_region, trail, home_region, s3_bucket, run
),

files as (
    select
        sha256 as source_sha256,
        max(inflated_sha256) over (partition by sha256) as content_sha256,
        name,
        regexp_replace(regexp_replace(name, '^.*/', ''), '\.gz$', '') as base_name,
        -- only if the folders below are CloudTrail's
        case
            when regexp_matches(name, '(^|/)[0-9]{12}/CloudTrail/[a-z0-9-]+/[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+$')
                then regexp_extract(name, '^(.*/)?[0-9]{12}/CloudTrail/[^/]+/[^/]+/[^/]+/[^/]+/[^/]+$', 1)
        end as root
    from source_files
    where sha256 is not null and kind is null and status in ('ok', 'empty', 'failed', 'duplicate')
),

-- AWS signs all digests of a region with one key. If a digest lists records of another region or time, and a different
-- key signed the digests of that region and time, the digest does not prove these records.
of_another_key as (
    select distinct places.source_sha256, digests.digest_sha256
    from record_places as places
    join files on files.source_sha256 = places.source_sha256
    join digest_listings as listings on listings.content_sha256 = files.content_sha256 and listings.is_proven
    join digests on digests.digest_sha256 = listings.digest_sha256
    join digests as others
      on  others.is_proven
      and not others.is_backfill
      and others.proven_by <> digests.proven_by
      and coalesce(others.aws_region = places.aws_region, true)
      and coalesce(others.start_time <= places.last_event_time, true)
      and coalesce(others.end_time > places.first_event_time, true)
    where (select count(distinct proven_by) from digests where is_proven) > 1
      and (
          digests.is_backfill
          or digests.aws_region is distinct from places.aws_region
          or coalesce(places.first_event_time < digests.start_time - interval 1 hour, true)
          or coalesce(places.last_event_time > digests.end_time, true)
      )
),

-- log files that proven digests list, under the listed name: they show where a trail's files are
found as (
    select
        files.source_sha256,
        files.root,
        files.base_name = listings.base_name as has_listed_name,
        concat_ws('/', digests.trail, digests.home_region, digests.s3_bucket) as trail,
        contested_digests.digest_sha256 is null and of_another_key.digest_sha256 is null as is_sure
    from files
    join digest_listings as listings on listings.content_sha256 = files.content_sha256 and listings.is_proven
    join digests on digests.digest_sha256 = listings.digest_sha256
    left join contested_digests on contested_digests.digest_sha256 = listings.digest_sha256
    left join of_another_key
      on  of_another_key.source_sha256 = files.source_sha256
      and of_another_key.digest_sha256 = listings.digest_sha256
),

listed as (
    select source_sha256, max(is_sure) as is_sure
    from found
    group by source_sha256
),

roots as (
    select distinct trail, root
    from found
    where has_listed_name and root is not null
),

rooted_trails as (
    select distinct trail from roots
),

-- files listed by name, with other content
contradicted as (
    select distinct files.source_sha256
    from files
    join digest_listings as listings
      on  listings.base_name = files.base_name
      and listings.content_sha256 <> files.content_sha256
      and listings.is_proven
),

open_files as (
    select files.source_sha256, files.name, files.base_name, files.root
    from files
    left join listed on listed.source_sha256 = files.source_sha256
    where listed.source_sha256 is null
),

named as (
    select
        *,
        regexp_extract(base_name, '^([0-9]{12})_', 1) as account_id,
        regexp_extract(base_name, '^[0-9]{12}_CloudTrail_([a-z0-9-]+)_', 1) as aws_region,
        timezone(
            'UTC', try_strptime(regexp_extract(base_name, '_([0-9]{8}T[0-9]{4}Z)_[^_]*$', 1), '%Y%m%dT%H%MZ')
        ) as delivered_at
    from open_files
    where regexp_matches(base_name, '^[0-9]{12}_CloudTrail_[a-z0-9-]+_[0-9]{8}T[0-9]{4}Z_[A-Za-z0-9]+\.json$')
),

places as (
    select *
    from record_places
    where source_sha256 in (select source_sha256 from open_files)
),

-- CloudTrail delivers a file minutes after its last event; it has the events of one account and region
misnamed as (
    select distinct named.source_sha256, named.name
    from named
    join places on places.source_sha256 = named.source_sha256
    where named.delivered_at is null
       or places.account_id <> named.account_id
       or places.aws_region <> named.aws_region
       or places.last_event_time > named.delivered_at + interval 5 minute
       or places.first_event_time < named.delivered_at - interval 1 hour
),

-- a name has only the minute of the delivery, which can belong to two windows; the latest event of the file is a lower
-- bound, because no event is delivered before it happened
dated as (
    select
        named.source_sha256,
        named.root,
        named.account_id,
        named.aws_region,
        greatest(named.delivered_at, max(places.last_event_time)) as delivered_at
    from named
    left join places on places.source_sha256 = named.source_sha256
    group by named.source_sha256, named.root, named.account_id, named.aws_region, named.delivered_at
),

by_name as (
    select distinct named.source_sha256
    from dated as named
    join covered
      on  covered.account_id = named.account_id
      and covered.aws_region = named.aws_region
      and named.delivered_at > covered.start_time
      and named.delivered_at + interval 1 minute <= covered.end_time
    left join roots on roots.trail = covered.trail and roots.root = named.root
    left join rooted_trails on rooted_trails.trail = covered.trail
    where named.root is null or roots.root is not null or rooted_trails.trail is null
),

by_records as (
    select distinct open_files.source_sha256
    from open_files
    left join named on named.source_sha256 = open_files.source_sha256 and named.name = open_files.name
    left join misnamed on misnamed.source_sha256 = open_files.source_sha256 and misnamed.name = open_files.name
    join places on places.source_sha256 = open_files.source_sha256
    join covered
      on  coalesce(covered.account_id = places.account_id, true)
      and coalesce(covered.aws_region = places.aws_region, true)
      and coalesce(covered.start_time < places.last_event_time + interval 1 hour, true)
      and coalesce(covered.end_time > places.first_event_time, true)
    left join roots on roots.trail = covered.trail and roots.root = open_files.root
    left join rooted_trails on rooted_trails.trail = covered.trail
    where (named.name is null or misnamed.name is not null)
      and (places.is_native or named.name is not null)
      -- the folders of a file without a log file's name are not its origin
      and (named.name is null or open_files.root is null or roots.root is not null or rooted_trails.trail is null)
)

select
    files.source_sha256,
    case
        when max(listed.is_sure) then 'listed'
        when count(listed.source_sha256) > 0 then 'contested'
        when count(contradicted.source_sha256) > 0
            or count(by_name.source_sha256) > 0
            or count(by_records.source_sha256) > 0
            then 'unlisted'
        else 'not_covered'
    end as listing,
    case
        when count(listed.source_sha256) > 0 then null
        when count(contradicted.source_sha256) > 0
            then 'a proven digest lists a file of this name with a different hash'
        when count(by_name.source_sha256) > 0
            then 'proven digests cover the delivery time in its name, and none lists it'
        when count(by_records.source_sha256) > 0
            then 'its origin is unknown, and no proven digest that covers its records lists it'
    end as reason,
    count(named.source_sha256) > 0 as is_log_file
from files
left join listed on listed.source_sha256 = files.source_sha256
left join contradicted on contradicted.source_sha256 = files.source_sha256
left join by_name on by_name.source_sha256 = files.source_sha256
left join by_records on by_records.source_sha256 = files.source_sha256
left join named on named.source_sha256 = files.source_sha256
where exists (select 1 from covered)
group by files.source_sha256
