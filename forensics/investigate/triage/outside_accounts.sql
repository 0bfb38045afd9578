-- Add the signal outside_account: calls that gave an account, of which no log is loaded, access to a role, snapshot,
-- image, bucket, key, repository or function. The fewer stories do so, the stronger. Grain: one row per (story, day).
insert into triage_signals
with loaded as (
    select distinct recipient_account_id as account_id
    from coverage
),

named as (
    select
        story,
        event_date,
        event_time,
        event_key,
        event_id,
        -- twelve digits on their own; a policy can name any number of accounts
        unnest(list_distinct(regexp_extract_all(
            concat(' ', trusted_principals, ' ', request_parameters), '[^0-9A-Za-z-]([0-9]{12})\b', 1
        ))[:20]) as account_id
    from triage_records
    where event_name not in ('ConsoleLogin', 'RequestSpotInstances', 'RunInstances')
      and outcome = 'succeeded'
),

outside as (
    select named.story, named.event_date, named.event_time, named.event_key, named.event_id, named.account_id
    from named
    left join loaded on loaded.account_id = named.account_id
    where loaded.account_id is null
)

select
    story,
    event_date,
    'outside_account' as signal,
    1.0 / sqrt((select count(distinct story) from outside)) as strength,
    count(distinct event_key) as events,
    min(event_time)::timestamp as first_event,
    max(event_time)::timestamp as last_event,
    list_distinct(arg_min(event_id, (event_time, event_key), 5)) as event_ids,
    list_sort(list_distinct(arg_min(account_id, (event_time, event_key, account_id), 5))) as details
from outside
group by story, event_date
