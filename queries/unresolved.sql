-- title: Credentials without an actor
-- question: Which credentials are not attributed, why, how much were they used, and when do their accounts' logs begin?
-- filters: origin_key, account, address, since, until
-- techniques: T1078.004
-- columns: stop_reason, is_ambiguous, access_key_id, arn, account_id, session_creation_date, candidates, events,
--   first_use, last_use, first_event_id, first_loaded_event

with loaded as (
    select recipient_account_id as account_id, min(first_event_time) as first_loaded_event
    from coverage
    group by recipient_account_id
),

possible as (
    select child_credential_id, count(distinct issuer_key) as candidates
    from links
    group by child_credential_id
)

select
    actors.stop_reason,
    actors.is_ambiguous,
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    credentials.session_creation_date,
    coalesce(possible.candidates, 0) as candidates,
    matching.events,
    matching.first_use,
    matching.last_use,
    matching.first_event_id,
    -- of the credential's account, whose logs would contain the issuance
    loaded.first_loaded_event
from actors
join filtered_credentials(
    origin_key := $origin_key, account := $account, address := $address, since := $since, until := $until
) as matching
  on  matching.credential_id = actors.credential_id
join credentials on credentials.credential_id = actors.credential_id
left join loaded on loaded.account_id = credentials.account_id
left join possible on possible.child_credential_id = actors.credential_id
where actors.actor_kind = 'unknown'
order by matching.events desc, matching.first_use, credentials.credential_id
