-- contested_digests: proven digests of one region and time, signed with different keys.
-- Grain: one row per digest. AWS signs the digests of a region with one key at a time, so one of the keys is not AWS's;
-- which one is unknown, so neither digest proves a file. When AWS rotates its key, windows of different trails overlap
-- by less than a window. Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html

with windows as (
    select
        aws_region,
        proven_by,
        start_time,
        end_time,
        max(end_time) over (
            partition by aws_region, proven_by
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
            partition by aws_region, proven_by
            order by start_time, end_time
            rows between unbounded preceding and current row
        ) as run
    from windows
),

-- consecutive windows signed with one key: few rows, even for many digests
runs as (
    select
        aws_region,
        proven_by,
        min(start_time) as start_time,
        max(end_time) as end_time
    from numbered
    group by aws_region, proven_by, run
),

-- times for which two keys signed digests
in_dispute as (
    select
        runs.aws_region,
        runs.proven_by,
        greatest(runs.start_time, others.start_time) as start_time,
        least(runs.end_time, others.end_time) as end_time
    from runs
    join runs as others
      on  others.aws_region = runs.aws_region
      and others.start_time < runs.end_time
      and others.end_time > runs.start_time
      and others.proven_by <> runs.proven_by
    where not (
        greatest(runs.start_time, others.start_time) + interval 1 hour > least(runs.end_time, others.end_time)
        and (runs.start_time < others.start_time) = (runs.end_time < others.end_time)
        and runs.start_time <> others.start_time
        and runs.end_time <> others.end_time
    )
)

select distinct digests.digest_sha256
from digests
join in_dispute
  on  in_dispute.aws_region = digests.aws_region
  and in_dispute.proven_by = digests.proven_by
  and in_dispute.start_time < digests.end_time
  and in_dispute.end_time > digests.start_time
where digests.is_proven
  and not digests.is_backfill
