-- title: Credentials derived from a key, and which are still valid
-- question: Which credentials derive from this key, also through planted keys, users, passwords and trust policies, how
--   much were they used, and which had not expired at a time? (not `is_certain`: one may derive from another instead)
-- parameter: key varchar: the access key ID
-- parameter: at timestamptz = null: the time of the check; by default, that of the latest event
-- techniques: T1550.001, T1078.004
-- columns: hops, access_key_id, arn, account_id, issued_at, expires_at, is_unexpired, first_use, last_use, events,
--   event_id, is_certain

with latest as (
    select coalesce($at::timestamptz, max(last_reliable_event_time)) as at
    from coverage
)

select
    derived.depth as hops,
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    coalesce(issuances.event_time, access_keys.created_at) as issued_at,
    issuances.expires_at,
    case
        when credentials.is_long_term
            then access_keys.created_at <= latest.at
                and (access_keys.status = 'Active' or access_keys.status_since > latest.at)
        else issuances.event_time <= latest.at and issuances.expires_at > latest.at
    end as is_unexpired,
    credentials.first_use,
    credentials.last_use,
    credentials.events,
    coalesce(issuances.event_id, evidence.event_id) as event_id,
    derived.is_certain
from derived
cross join latest
join credentials on credentials.credential_id = derived.derived_id
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
left join access_keys
  on  access_keys.access_key_id = credentials.access_key_id
  and access_keys.account_id = credentials.account_id
left join evidence on evidence.event_key = access_keys.created_by_event_key
where derived.ancestor_access_key_id = $key
order by issued_at, derived.depth, credentials.access_key_id, derived.derived_id, derived.ancestor_id
