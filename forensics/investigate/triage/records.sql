-- Create the table of the few calls of stories whose record is read: sign-ins, launches, new identity providers, and
-- calls that give access by a policy, ACL, share or grant. Refused sign-ins have no story. Grain: one row per event.
create temporary table triage_records as
select
    triage_stories.story,
    events.event_key,
    events.event_id,
    events.event_time,
    events.event_date,
    events.event_source,
    events.event_name,
    events.recipient_account_id as account_id,
    events.identity_type,
    events.outcome,
    events.record -> '$.requestParameters' as request_parameters,
    events.record ->> '$.additionalEventData.MFAUsed' as mfa_used
from events
join triage_stories on triage_stories.credential_id = events.credential_id
left join twins on twins.event_key = events.event_key
where events.event_name in (
        'ConsoleLogin', 'CreateOpenIDConnectProvider', 'CreateSAMLProvider', 'RequestSpotInstances', 'RunInstances',
        -- roles, and the keys, queues, topics and buckets that are created with a policy or ACL
        'CreateRole', 'UpdateAssumeRolePolicy', 'CreateBucket', 'CreateDomain', 'CreateElasticsearchDomain',
        'CreateKey', 'CreateQueue', 'CreateTopic', 'ReplicateKey',
        -- policies
        'CreateEmailIdentityPolicy', 'PutAccessPointPolicy', 'PutBackupVaultAccessPolicy', 'PutBucketPolicy',
        'PutContainerPolicy', 'PutDestinationPolicy', 'PutDomainPermissionsPolicy', 'PutFileSystemPolicy',
        'PutIdentityPolicy', 'PutImagePolicy', 'PutKeyPolicy', 'PutMultiRegionAccessPointPolicy', 'PutRegistryPolicy',
        'PutRepositoryPermissionsPolicy', 'PutResourcePolicy', 'SetQueueAttributes', 'SetRepositoryPolicy',
        'SetTopicAttributes', 'SetVaultAccessPolicy', 'UpdateDomainConfig', 'UpdateElasticsearchDomainConfig',
        'UpdateEmailIdentityPolicy',
        -- permissions, ACLs, shares and grants
        'AddLayerVersionPermission20181031', 'AddPermission', 'AddPermission20150331', 'AddPermission20150331v2',
        'AssociateResourceShare', 'AuthorizeDataShare', 'AuthorizeSnapshotAccess', 'CreateGrant', 'CreateResourceShare',
        'ModifyDBClusterSnapshotAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDocumentPermission',
        'ModifyFpgaImageAttribute', 'ModifyImageAttribute', 'ModifySnapshotAttribute',
        'ModifyVpcEndpointServicePermissions', 'PutBucketAcl', 'PutBucketReplication', 'PutObjectAcl', 'PutPermission'
    )
  and not events.unreliable
  and events.event_time is not null
  -- the copy of another account, whose caller's own copy counts
  and twins.event_key is null
