-- The hours that have loaded management events, or that digests prove to be complete, with the time until which that is
-- known. Calls that undo an end are management events: data events do not show that these are loaded. $accounts: account
-- IDs; $regions: regions.
with loaded as (
    select recipient_account_id as account_id, aws_region, hour, last_management_event_time as last_event_time
    from coverage
    where recipient_account_id in (select unnest($accounts))
      and last_management_event_time is not null

    union all

    select account_id, aws_region, hour, least(hour + interval 1 hour, timestamptz '9999-12-31 23:59:59.999999Z')
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
