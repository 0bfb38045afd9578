-- The chains of digests, with their breaks and their delivery windows; consecutive windows that are alike form a run.
-- One row per account, region, trail, home region and backfill. `digests` is counted later.
with delivered as (
    select
        *,
        (account_id, aws_region, trail, home_region, is_backfill) as chain,
        (status, is_complete, is_verified) as likeness,
        row_number() over (partition by chain order by start_time, end_time, digest_sha256) as place
    from digest_windows
),

marked as (
    select
        *,
        case when lag(end_time) over places = start_time and lag(likeness) over places = likeness then 0 else 1 end
            as begins
    from delivered
    window places as (partition by chain order by place)
),

numbered as (
    select *, sum(begins) over (partition by chain order by place) as run
    from marked
),

runs as (
    select
        chain,
        run,
        max(end_time) as end_time,
        sum(case when is_contested then 1 else 0 end) as contested,
        {
            from_: min(start_time)::timestamp,
            'to': arg_max(end_time, place)::timestamp,
            windows: count(*),
            status: any_value(status),
            complete: any_value(is_complete),
            verified: any_value(is_verified),
            files: sum(files)::bigint,
            unchanged: sum(unchanged)::bigint,
            changed: sum(changed)::bigint,
            missing: sum(missing)::bigint,
            first_event_time: min(first_event_time)::timestamp,
            last_event_time: max(last_event_time)::timestamp
        } as windows
    from numbered
    group by chain, run
),

breaks as (
    select
        (account_id, aws_region, trail, home_region, is_backfill) as chain,
        list(
            {
                kind: kind,
                from_: start_time::timestamp,
                'to': end_time::timestamp,
                s3_object: missing_object,
                at_least: at_least
            }
            order by end_time, kind, missing_object
        ) as breaks
    from digest_breaks
    group by chain
)

select
    runs.chain[1] as account_id,
    runs.chain[2] as aws_region,
    runs.chain[3] as trail,
    runs.chain[4] as home_region,
    runs.chain[5] as backfill,
    map {} as digests,
    min(runs.windows.from_) as from_,
    max(runs.end_time)::timestamp as to,
    coalesce(any_value(breaks.breaks), []) as breaks,
    list(runs.windows order by runs.run) as windows,
    sum(runs.contested)::bigint as contested
from runs
left join breaks on breaks.chain = runs.chain
group by runs.chain
order by runs.chain
