-- not_trusted: loaded records of an issuance that do not prove who requested a credential, and why.
-- Grain: one row per (credential_id, event_key). A credential whose link was followed, or that has several possible
-- requesters, has only the records that digests distrust.

with settled as (
    select child_credential_id as credential_id
    from links
    where is_chosen or is_ambiguous
    group by child_credential_id
),

linked as (
    select
        links.child_credential_id as credential_id,
        links.issuance_id as event_key,
        issuances.flags,
        case
            when links.distrust is not null then links.distrust
            when settled.credential_id is not null then null
            when issuances.is_unreliable then 'unreliable'
            when issuances.is_rebuilt or credentials.is_rebuilt then 'rebuilt'
            when links.is_documented_only then 'documented_only'
            when links.rule = 'issued_key' and links.grade = 'medium' then 'time_differs'
            when links.rule = 'issued_key' then 'session_differs'
            when links.rule = 'role_name_and_time' and links.grade = 'medium' then 'no_response'
        end as reason
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    join credentials on credentials.credential_id = links.child_credential_id
    left join settled on settled.credential_id = links.child_credential_id
),

-- chosen links whose record does not name a requester
nameless as (
    select
        links.child_credential_id as credential_id,
        links.issuance_id as event_key,
        issuances.flags,
        'no_requester' as reason
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    left join issuers
      on  issuers.child_credential_id = links.child_credential_id
      and issuers.issuance_id = links.issuance_id
    where links.is_chosen
      and links.parent_credential_id is null
      and issuers.child_credential_id is null
      -- the user that signed in is named by its own records; a switch names its source
      and issuances.event_name not in ('ConsoleLogin', 'SwitchRole')
),

-- issuances of the exact key that no rule links
unlinked as (
    select
        credentials.credential_id,
        issuances.issuance_id as event_key,
        issuances.flags,
        case
            when issuances.listing in ('unlisted', 'contested') then issuances.listing
            when issuances.is_unreliable then 'unreliable'
            when credentials.events > 0 and credentials.reliable_events = 0 then 'unreliable_use'
            when issuances.issued_account_id <> credentials.account_id then 'account_differs'
            when issuances.event_time > credentials.first_use then 'time_differs'
            else 'session_differs'
        end as reason
    from credentials
    join issuances on issuances.issued_access_key_id = credentials.access_key_id
    left join links
      on  links.child_credential_id = credentials.credential_id
      and links.issuance_id = issuances.issuance_id
    left join settled on settled.credential_id = credentials.credential_id
    where links.child_credential_id is null
      and (settled.credential_id is null or issuances.listing in ('unlisted', 'contested'))
),

self_issued as (
    select credentials.credential_id, telling_events.event_key, telling_events.flags, 'self_issued' as reason
    from credentials
    join telling_events
      on  telling_events.issued_access_key_id = credentials.access_key_id
      and telling_events.access_key_id = credentials.access_key_id
    left join settled on settled.credential_id = credentials.credential_id
    where settled.credential_id is null
      and telling_events.error_code is null
),

unread as (
    select
        credentials.credential_id,
        named_keys.event_key,
        named_keys.flags,
        case
            when named_keys.is_of_copy then 'conflicting_copy'
            when named_keys.is_unreliable then 'unreliable'
            else 'unread'
        end as reason
    from credentials
    join named_keys on named_keys.access_key_id = credentials.access_key_id
    left join settled on settled.credential_id = credentials.credential_id
    where settled.credential_id is null
      and named_keys.may_issue
),

found as (
    select * from linked
    union all
    select * from nameless
    union all
    select * from unlinked
    union all
    select * from self_issued
    union all
    select * from unread
)

select found.credential_id, found.event_key, min(found.flags) as flags, min(found.reason) as reason
from found
join credentials on credentials.credential_id = found.credential_id
where found.reason is not null
  -- a long-term key is created, not issued
  and not coalesce(credentials.is_long_term, false)
group by found.credential_id, found.event_key
