-- named_requests: issuances that name their requester only by ARN or ID: a switch of role, another account's copy, or a
-- record whose caller has no access key, because a product dropped or masked it.
-- `requester` is the ARN, or account and ID, in a form that models can join.
-- Grain: one row per (child_id, event_key, requester).

with without_parent as (
    select
        links.child_credential_id as child_id,
        links.issuance_id as event_key,
        issuances.event_time,
        issuances.event_name,
        case when issuances.event_name = 'SwitchRole' then 'switched_role' else 'assumed_role' end as relation,
        issuances.switch_from_arn,
        issuances.is_redacted,
        issuances.caller_account_id,
        issuances.caller_principal_id
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    left join explained on explained.child_credential_id = links.child_credential_id
    where links.parent_credential_id is null
      and (links.is_of_chosen_issuer or explained.child_credential_id is null)
)

select
    child_id,
    event_key,
    event_time,
    relation,
    regexp_extract(switch_from_arn, '[0-9]{12}', 0) as account_id,
    null as principal_id,
    'arn|' || switch_from_arn as requester
from without_parent
where event_name = 'SwitchRole'

union all

select
    child_id,
    event_key,
    event_time,
    relation,
    caller_account_id,
    caller_principal_id,
    'id|' || caller_account_id || '|' || caller_principal_id
from without_parent
where is_redacted

union all

select
    requested.child_id,
    requested.event_key,
    issuances.event_time,
    requested.relation,
    issuances.caller_account_id,
    issuances.caller_principal_id,
    'id|' || issuances.caller_account_id || '|' || issuances.caller_principal_id
from requested_descents as requested
join credentials parents on parents.credential_id = requested.parent_id and parents.access_key_id is null
join issuances on issuances.issuance_id = requested.event_key
-- the records of a sign-in and of a switch have no key
where requested.relation not in ('console_session', 'switched_role')
