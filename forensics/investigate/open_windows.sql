-- Delivery windows of given spans that are in doubt: listed files are missing, or digests are signed with different
-- keys. $accounts, $regions, $starts, $ends: the spans, by their position in these lists; null is any. CloudTrail
-- delivers an event minutes, in rare cases hours, later, so it can be in a later window than its own hour.
with asked as (
    select
        unnest($accounts::varchar[]) as account_id,
        unnest($regions::varchar[]) as aws_region,
        unnest($starts::timestamp[])::timestamptz as start_time,
        unnest($ends::timestamp[])::timestamptz as end_time
),

missing as (
    select
        digest_sha256,
        min(first_event_time) as first_event_time,
        list_sort(list(s3_object)) as objects
    from digest_listings
    where state <> 'present'
    group by digest_sha256
),

in_doubt as (
    select
        windows.*,
        least(windows.start_time - interval 1 hour, missing.first_event_time) as reaches_back_to,
        coalesce(missing.objects, []) as objects
    from digest_windows as windows
    left join missing on missing.digest_sha256 = windows.digest_sha256
    where windows.is_proven and (windows.is_contested or missing.digest_sha256 is not null)
)

select distinct
    windows.account_id,
    windows.aws_region,
    windows.trail,
    windows.start_time::timestamp as from_,
    windows.end_time::timestamp as to,
    case when windows.is_contested then 'contested' else 'incomplete' end as why,
    windows.objects as missing
from in_doubt as windows
join asked
  on  coalesce(asked.account_id = windows.account_id, true)
  and coalesce(asked.aws_region = windows.aws_region, true)
  and coalesce(asked.start_time < windows.end_time, true)
  and coalesce(asked.end_time >= windows.reaches_back_to, true)
order by 1, 2, 4, 5, 3, 6, 7
