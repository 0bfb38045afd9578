-- The hours that have loaded events, or that digests prove to be complete, with the time until which that is known.
-- $accounts: account IDs; $regions: regions.
with loaded as (
    select recipient_account_id as account_id, aws_region, hour, last_event_time
    from coverage
    where recipient_account_id in (select unnest($accounts))

    union all

    select account_id, aws_region, hour, hour + interval 1 hour
    from (
        select
            account_id,
            aws_region,
            unnest(generate_series(start_hour, end_hour - interval 1 hour, interval 1 hour)) as hour
        from verified_hours
        where account_id in (select unnest($accounts))
    ) as verified
)

select account_id, aws_region, hour::timestamp as hour, max(last_event_time)::timestamp as last_event_time
from loaded
where aws_region in (select unnest($regions))
group by account_id, aws_region, hour
order by account_id, aws_region, hour
