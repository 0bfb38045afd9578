-- title: Who requested a temporary key, hop by hop
-- question: Which credential requested this key, which requested that one, with which grade, and when do they expire?
-- parameter: key varchar: the access key ID
-- techniques: T1550.001, T1078.004
-- columns: credential_id, hop, access_key_id, arn, account_id, rule, grade, requested_at, expires_at, event_id,
--   actor_name, actor_id, stop_reason

with steps as (
    select credential_id, credential_id as ancestor_credential_id, 0 as hop
    from credentials
    where access_key_id = $key

    union all

    select walk.credential_id, walk.ancestor_credential_id, walk.depth as hop
    from walk
    join credentials on credentials.credential_id = walk.credential_id
    where credentials.access_key_id = $key
)

select
    steps.credential_id,
    steps.hop,
    credentials.access_key_id,
    credentials.arn,
    credentials.account_id,
    links.rule,
    links.grade,
    issuances.event_time as requested_at,
    issuances.expires_at,
    issuances.event_id,
    actors.display_name as actor_name,
    actors.actor_id,
    actors.stop_reason
from steps
join credentials on credentials.credential_id = steps.ancestor_credential_id
join actors on actors.credential_id = steps.ancestor_credential_id
left join links on links.child_credential_id = steps.ancestor_credential_id and links.is_chosen
left join issuances on issuances.issuance_id = links.issuance_id
order by steps.credential_id, steps.hop
