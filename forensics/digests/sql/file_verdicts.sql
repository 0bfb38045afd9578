-- file_verdicts: the verdict on each log file and digest.
-- Grain: one row per source_sha256. The strongest digest counts, whether it lists the file's content or other content
-- under its name; a changed digest is ignored. A file that no proven digest lists is unlisted if proven digests cover
-- its delivery.

with files as (
    select
        sha256 as source_sha256,
        max(inflated_sha256) over (partition by sha256) as content_sha256,
        regexp_replace(regexp_replace(name, '^.*/', ''), '\.gz$', '') as base_name
    from source_files
    where sha256 is not null and kind is null and status in ('ok', 'empty', 'failed', 'duplicate')
),

listed as (
    select
        files.source_sha256,
        listings.digest_sha256,
        listings.digest_status as status,
        listings.is_proven,
        case
            when contested_digests.digest_sha256 is not null then 4
            when listings.digest_status = 'signed' then 1
            when listings.is_proven then 2
            when listings.digest_status = 'hash-chained' then 5
            when listings.digest_status = 'unverified' then 7
            else 9
        end as place
    from files
    join digest_listings as listings on listings.content_sha256 = files.content_sha256
    left join contested_digests on contested_digests.digest_sha256 = listings.digest_sha256
),

contradicted as (
    select
        files.source_sha256,
        listings.digest_sha256,
        'changed' as status,
        false as is_proven,
        case when listings.is_proven then 3 when listings.digest_status = 'hash-chained' then 6 else 8 end as place
    from files
    join digest_listings as listings
      on listings.base_name = files.base_name
      and listings.content_sha256 <> files.content_sha256
    where listings.digest_status <> 'changed'
),

judged as (
    select *, row_number() over (partition by source_sha256 order by place, digest_sha256) as choice
    from (select * from listed union all select * from contradicted) as found
),

logs as (
    select distinct
        files.source_sha256,
        case
            when judged.place = 4 or listings.listing = 'contested' then 'unverified'
            when listings.listing = 'unlisted' and coalesce(judged.place, 9) > 4 then 'unlisted'
            when judged.place < 9 then judged.status
            else 'unverified'
        end as status,
        coalesce(judged.is_proven and judged.place < 4 and listings.listing <> 'contested', false) as is_proven,
        case
            when listings.listing = 'unlisted' and coalesce(judged.place, 9) > 4 then listings.reason
            when judged.place <= 2 and listings.listing = 'contested'
                then 'a digest of another region or time lists it, signed with a different key than the digests of its'
                    || ' records'
            when judged.place = 1 then 'a signed digest lists it with this hash'
            when judged.place = 2
                then 'a digest lists it with this hash, and a signed digest carries the hash of that digest'
            when judged.place = 4
                then 'digests of its region and time are signed with different keys, so none proves it'
            when judged.place = 5
                then 'a hash-chained digest lists it with this hash, but the newest digest of the chain is unverified'
            when judged.place = 7 then 'only an unverified digest lists it with this hash'
            when judged.place = 9 then 'only a changed digest lists it'
            when judged.place = 3 then 'a proven digest lists a file of this name with a different hash'
            when judged.place = 6 then 'a hash-chained digest lists a file of this name with a different hash'
            when judged.place = 8 then 'an unverified digest lists a file of this name with a different hash'
            when listings.listing = 'not_covered' then 'no proven digest covers its delivery'
            else 'no digest lists it'
        end as reason,
        judged.digest_sha256
    from files
    left join judged on judged.source_sha256 = files.source_sha256 and judged.choice = 1
    left join file_listings as listings on listings.source_sha256 = files.source_sha256
)

select source_sha256, 'log' as kind, status, is_proven, reason, digest_sha256 from logs
union all
select digest_sources.source_sha256, 'digest', digests.status, digests.is_proven, digests.reason, digests.digest_sha256
from digest_sources
join digests on digests.digest_sha256 = digest_sources.digest_sha256
union all
select source_sha256, 'digest', 'unverified', false, reason, null from unreadable_digests
