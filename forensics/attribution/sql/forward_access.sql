-- forward_access: IAM user credentials that a service used on the user's behalf, with the long-term keys that match by
-- time.
-- Grain: one row per (credential_id, access_key_id); access_key_id is null if none matches. The record names the user;
-- the key is inferred from a direct call of the same user within a second: a call to the service that forwarded, or to
-- any service if the record says only AWS Internal (docs/attribution.md#forward_access).

with forwarded_credentials as (
    select credentials.credential_id
    from credentials
    left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    where credentials.identity_type = 'IAMUser'
      and credentials.access_key_id like 'ASIA%'
      and credentials.direct_events = 0
      and credentials.reliable_events > 0
      and links.child_credential_id is null
),

forwarded as (
    select
        telling_events.credential_id,
        telling_events.principal_id,
        telling_events.account_id,
        telling_events.invoked_by,
        telling_events.event_time
    from telling_events
    join forwarded_credentials on forwarded_credentials.credential_id = telling_events.credential_id
),

seconds as (
    select *, event_time as at from forwarded
    union all
    select *, event_time - interval 1 second from forwarded
    union all
    select *, event_time + interval 1 second from forwarded
),

fitting as (
    select distinct seconds.credential_id, direct.access_key_id
    from seconds
    join events direct
      on  direct.principal_id = seconds.principal_id
      and direct.account_id = seconds.account_id
      and direct.event_time = seconds.at
      and (direct.event_source = seconds.invoked_by or seconds.invoked_by = 'AWS Internal')
    where direct.identity_type = 'IAMUser'
      and direct.access_key_id like 'AKIA%'
      and direct.invoked_by is null
      and not direct.unreliable
)

select
    credentials.credential_id,
    fitting.access_key_id,
    credentials.named_by_event_key as event_key
from credentials
join forwarded_credentials on forwarded_credentials.credential_id = credentials.credential_id
left join fitting on fitting.credential_id = credentials.credential_id
