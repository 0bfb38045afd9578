-- digest_windows: the deliveries between the start and the end of a digest.
-- Grain: one row per digest. is_complete: every file that this digest lists is here and unchanged. is_verified: it is
-- also proven, and no digest of its region and time is signed with another key.

with listed as (
    select
        digest_sha256,
        count(*) as files,
        sum(case when state = 'present' then 1 else 0 end) as unchanged,
        sum(case when state = 'changed' then 1 else 0 end) as changed,
        sum(case when state = 'missing' then 1 else 0 end) as missing,
        min(first_event_time) as first_event_time,
        max(last_event_time) as last_event_time
    from digest_listings
    group by digest_sha256
)

select
    digests.digest_sha256,
    digests.account_id,
    digests.aws_region,
    digests.trail,
    digests.home_region,
    digests.is_backfill,
    digests.start_time,
    digests.end_time,
    digests.status,
    digests.is_proven,
    coalesce(listed.files, 0)::bigint as files,
    coalesce(listed.unchanged, 0)::bigint as unchanged,
    coalesce(listed.changed, 0)::bigint as changed,
    coalesce(listed.missing, 0)::bigint as missing,
    listed.first_event_time,
    listed.last_event_time,
    digests.status <> 'changed' and coalesce(listed.changed + listed.missing, 0) = 0 as is_complete,
    digests.is_proven
        and contested_digests.digest_sha256 is null
        and coalesce(listed.changed + listed.missing, 0) = 0 as is_verified,
    contested_digests.digest_sha256 is not null as is_contested
from digests
left join listed on listed.digest_sha256 = digests.digest_sha256
left join contested_digests on contested_digests.digest_sha256 = digests.digest_sha256
