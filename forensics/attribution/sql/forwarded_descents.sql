-- forwarded_descents: keys that services used on behalf of a long-term key, below that key: the keys that match by time
-- or, if none does, all keys of the user; for root, all its keys. The same for sessions is in `session_descents`.
-- Grain: one row per (parent_id, child_id).

with of_user as (
    select
        long_term.credential_id as parent_id,
        forward_access.credential_id as child_id,
        forward_access.event_key
    from forward_access
    join credentials forwarded on forwarded.credential_id = forward_access.credential_id
    join credentials long_term
      on  long_term.principal_id = forwarded.principal_id
      and long_term.account_id = forwarded.account_id
      and long_term.access_key_id like 'AKIA%'
      and coalesce(long_term.access_key_id = forward_access.access_key_id, true)
    left join (
        select distinct child_id from session_descents where relation = 'forward_access'
    ) as forwarded_in_session
      on forwarded_in_session.child_id = forward_access.credential_id
    where forwarded_in_session.child_id is null
),

of_root as (
    select
        long_term.credential_id as parent_id,
        forwarded.credential_id as child_id,
        forwarded.named_by_event_key as event_key
    from credentials forwarded
    join credentials long_term
      on  long_term.account_id = forwarded.account_id
      and long_term.identity_type = 'Root'
      and long_term.access_key_id like 'AKIA%'
    left join explained on explained.child_credential_id = forwarded.credential_id
    where forwarded.identity_type = 'Root'
      and forwarded.access_key_id like 'ASIA%'
      and forwarded.events > 0
      and forwarded.direct_events = 0
      and not forwarded.assumed_root
      and explained.child_credential_id is null
)

select parent_id, child_id, 'forward_access' as relation, false as is_certain, event_key
from of_user

union all

select parent_id, child_id, 'forward_access', false, event_key
from of_root
