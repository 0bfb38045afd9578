-- title: Use of the AWS Console Mobile Application
-- question: Who signed in with, or called from, the AWS Console Mobile Application? Few organizations expect it.
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: event_time, actor_name, actor_id, actor_kind, grade, event_name, outcome, error_code, source_ip_address,
--   user_agent, sign, access_key_id, recipient_account_id, event_id

with signs as (
    select
        *,
        case
            when lower(record ->> '$.additionalEventData.MobileVersion') = 'yes' then 'MobileVersion'
            when event_source like 'consolemobileapp%' then 'event_source'
            when regexp_matches(user_agent, '(?i)console[ _-]?mobile') then 'user_agent'
        end as sign
    from filtered_events($actor, $origin_key, $account, $address, $since, $until)
)

select
    event_time,
    actor_name,
    actor_id,
    actor_kind,
    grade,
    event_name,
    outcome,
    error_code,
    source_ip_address,
    user_agent,
    sign,
    access_key_id,
    recipient_account_id,
    event_id
from signs
where sign is not null
order by event_time, event_key
