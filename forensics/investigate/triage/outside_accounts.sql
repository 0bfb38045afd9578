-- Add the signal outside_account: calls that gave an account, of which no log is loaded, access to a role, snapshot,
-- image, bucket, key, repository or function. The fewer stories do so, the stronger. One row per (story, day).
insert into triage_signals
with loaded as (
    select distinct recipient_account_id as account_id
    from coverage
),

shared as (
    select
        coalesce(twins.credential_id, events.credential_id) as credential_id,
        events.event_key,
        events.event_id,
        events.event_time,
        events.event_date,
        regexp_extract_all(
            concat(' ', events.trusted_principals, ' ', events.record -> '$.requestParameters'),
            '[^0-9A-Za-z-]([0-9]{12})\b', 1
        ) as account_ids
    from events
    left join twins on twins.event_key = events.event_key
    where events.event_source || ' ' || events.event_name in (
            'ec2.amazonaws.com ModifyImageAttribute',
            'ec2.amazonaws.com ModifySnapshotAttribute',
            'ecr.amazonaws.com SetRepositoryPolicy',
            'iam.amazonaws.com CreateRole',
            'iam.amazonaws.com UpdateAssumeRolePolicy',
            'kms.amazonaws.com CreateGrant',
            'kms.amazonaws.com PutKeyPolicy',
            'lambda.amazonaws.com AddPermission20150331v2',
            'rds.amazonaws.com ModifyDBClusterSnapshotAttribute',
            'rds.amazonaws.com ModifyDBSnapshotAttribute',
            's3.amazonaws.com PutBucketPolicy',
            's3.amazonaws.com PutBucketReplication'
        )
      and events.outcome = 'succeeded'
      and not events.unreliable
      and events.event_time is not null
),

outside as (
    select triage_stories.story, named.*
    from (
        select
            credential_id, event_key, event_id, event_time, event_date,
            unnest(list_distinct(account_ids)[:20]) as account_id
        from shared
    ) as named
    join triage_stories on triage_stories.credential_id = named.credential_id
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
