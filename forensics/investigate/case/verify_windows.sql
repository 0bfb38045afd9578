-- The delivery windows of each chain, ordered by time.
select
    account_id,
    aws_region,
    trail,
    home_region,
    is_backfill,
    start_time::timestamp as start_time,
    end_time::timestamp as end_time,
    status,
    is_complete,
    is_verified,
    is_contested,
    files,
    unchanged,
    changed,
    missing,
    first_event_time::timestamp as first_event_time,
    last_event_time::timestamp as last_event_time
from digest_windows
order by account_id, aws_region, trail, home_region, is_backfill, start_time, end_time, digest_sha256
