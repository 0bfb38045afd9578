-- The breaks of each chain, ordered by time.
select
    account_id,
    aws_region,
    trail,
    home_region,
    is_backfill,
    kind,
    start_time::timestamp as start_time,
    end_time::timestamp as end_time,
    missing_object,
    at_least
from digest_breaks
order by account_id, aws_region, trail, home_region, is_backfill, end_time, kind, missing_object
