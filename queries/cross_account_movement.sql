-- title: Movement between accounts
-- question: Who assumed roles of other accounts, from which account, and which long-term key is the origin?
-- filters: actor, origin_key, account, address, since, until
-- techniques: T1550.001, T1078.004
-- columns: from_account_id, to_account_id, role_arn, actor_name, actor_id, actor_kind, origin_access_key_id, requests,
--   first_request, last_request, first_event_id, is_certain

-- the role account's copy of a request counts as well
with requested as (
    select distinct issuance_events.issuance_id
    from filtered_events($actor, $origin_key, $account, $address, $since, $until) as events
    join issuance_events on issuance_events.event_key = events.event_key
),

below_origin as (
    select derived_id, max(is_certain) as is_certain
    from derived
    where ancestor_access_key_id = $origin_key
    group by derived_id
)

-- With --origin-key, `is_certain` is false if another key may be the origin.
select
    issuances.caller_account_id as from_account_id,
    issuances.issued_account_id as to_account_id,
    coalesce(issuances.target_role_arn, regexp_extract(issuances.issued_arn, '^(.*)/', 1)) as role_arn,
    actors.display_name as actor_name,
    actors.actor_id,
    actors.actor_kind,
    actors.origin_access_key_id,
    count(*) as requests,
    min(issuances.event_time) as first_request,
    max(issuances.event_time) as last_request,
    arg_min(issuances.event_id, (issuances.event_time, issuances.event_id)) as first_event_id,
    case
        when $origin_key::varchar is not null
            then coalesce(actors.origin_access_key_id = $origin_key, false) or coalesce(below_origin.is_certain, false)
    end as is_certain
from issuances
join requested on requested.issuance_id = issuances.issuance_id
left join actors on actors.credential_id = issuances.caller_credential_id
left join below_origin on below_origin.derived_id = issuances.caller_credential_id
where issuances.caller_account_id <> issuances.issued_account_id
  and not issuances.is_unreliable
group by
    issuances.caller_account_id, issuances.issued_account_id, role_arn, actors.display_name, actors.actor_id,
    actors.actor_kind, actors.origin_access_key_id, is_certain
order by
    first_request, role_arn, actors.actor_id, issuances.caller_account_id, issuances.issued_account_id,
    actors.display_name, actors.actor_kind, actors.origin_access_key_id, is_certain
