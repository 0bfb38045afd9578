-- Create the table of the few calls of stories whose record is read: sign-ins, launches, and calls that give access to
-- another account. Refused sign-ins have no story. Grain: one row per event.
create temporary table triage_records as
select
    triage_stories.story,
    events.event_key,
    events.event_id,
    events.event_time,
    events.event_date,
    events.event_source,
    events.event_name,
    events.identity_type,
    events.outcome,
    events.trusted_principals,
    events.record -> '$.requestParameters' as request_parameters,
    events.record ->> '$.additionalEventData.MFAUsed' as mfa_used
from events
join triage_stories on triage_stories.credential_id = events.credential_id
left join twins on twins.event_key = events.event_key
where events.event_name in (
        'AddPermission20150331v2', 'ConsoleLogin', 'CreateGrant', 'CreateRole', 'ModifyDBClusterSnapshotAttribute',
        'ModifyDBSnapshotAttribute', 'ModifyImageAttribute', 'ModifySnapshotAttribute', 'PutBucketPolicy',
        'PutBucketReplication', 'PutKeyPolicy', 'RequestSpotInstances', 'RunInstances', 'SetRepositoryPolicy',
        'UpdateAssumeRolePolicy'
    )
  and not events.unreliable
  and events.event_time is not null
  -- the copy of another account, whose caller's own copy counts
  and twins.event_key is null
