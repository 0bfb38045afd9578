-- title: How else the key's owner gets in
-- question: Does the owner of this key have other keys or a console password, and are they in use?
-- parameter: key varchar: the access key ID
-- techniques: T1098.001, T1078.004
-- columns: owner_name, account_id, way_in, access_key_id, status, since, last_use, event_name, event_id

with owners as (
    select account_id, owner_name
    from access_keys
    where access_key_id = $key
      and owner_name is not null
),

passwords as (
    select
        owners.owner_name,
        owners.account_id,
        user_changes.event_time,
        user_changes.event_name,
        evidence.event_id
    from owners
    join user_changes on user_changes.account_id = owners.account_id and user_changes.user_name = owners.owner_name
    join evidence on evidence.event_key = user_changes.event_key
    where user_changes.succeeded
      and user_changes.event_name in ('CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile', 'ChangePassword')
),

sign_ins as (
    select
        owners.owner_name,
        owners.account_id,
        max(events.event_time) as last_use,
        arg_max(events.event_id, (events.event_time, events.event_id)) as event_id
    from owners
    join events on events.recipient_account_id = owners.account_id and events.user_name = owners.owner_name
    where events.event_name = 'ConsoleLogin'
      and events.sign_in_result = 'Success'
    group by owners.owner_name, owners.account_id
)

select
    owners.owner_name,
    owners.account_id,
    'access key' as way_in,
    access_keys.access_key_id,
    access_keys.status,
    access_keys.created_at as since,
    access_keys.last_use,
    case when access_keys.created_at is not null then 'CreateAccessKey' end as event_name,
    evidence.event_id
from owners
join access_keys on access_keys.account_id = owners.account_id and access_keys.owner_name = owners.owner_name
left join evidence on evidence.event_key = access_keys.created_by_event_key

union all

select owner_name, account_id, 'console password', null, null, event_time, null, event_name, event_id
from passwords

union all

select owner_name, account_id, 'console sign-in', null, null, null, last_use, 'ConsoleLogin', event_id
from sign_ins

order by way_in, since, access_key_id
