-- title: Credentials derived from a key, and which are still valid
-- question: Which credentials certainly derive from this key (`forensics tree` also shows uncertain ones), how much
--   were they used, and which had not expired at a time?
-- parameter: key varchar: the access key ID
-- parameter: at timestamptz = null: the time of the check; by default, that of the latest event
-- techniques: T1550.001, T1078.004
-- columns: hops, access_key_id, arn, account_id, issued_at, expires_at, is_unexpired, first_use, last_use, events,
--   event_id

with latest as (
    select coalesce($at::timestamptz, max(last_event_time)) as at
    from coverage
)

select
    walk.depth as hops,
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    issuances.event_time as issued_at,
    issuances.expires_at,
    issuances.event_time <= latest.at and issuances.expires_at > latest.at as is_unexpired,
    credentials.first_use,
    credentials.last_use,
    credentials.events,
    issuances.event_id
from walk
cross join latest
join credentials ancestors on ancestors.credential_id = walk.ancestor_credential_id
join credentials on credentials.credential_id = walk.credential_id
left join links on links.child_credential_id = walk.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
where ancestors.access_key_id = $key
order by issued_at, walk.depth, credentials.access_key_id, walk.credential_id, walk.ancestor_credential_id
