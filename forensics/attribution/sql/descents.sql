-- descents: parent -> child: which credential derived from which, and what was planted with it.
-- Grain: one row per (parent_id, child_id, relation). An ID is a credential's or a planting's.
-- A doubtful descent is included, although a doubtful link names nobody: a child that possibly derives from several
-- parents is below each, with `is_certain` false. If all of these parents have one issuer, `parents` is their number: a
-- set that contains them all certainly contains the origin.

with all_descents as (
    select requested.parent_id, requested.child_id, requested.relation, requested.is_certain, requested.event_key
    from requested_descents as requested
    -- a further key of a session is below that session, not beside it
    left join (select distinct child_id from session_descents) as of_session on of_session.child_id = requested.child_id
    where of_session.child_id is null

    union all

    select parent_id, child_id, relation, is_certain, event_key from named_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from session_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from forwarded_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from token_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from planted_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from named_planted_descents
    union all
    select parent_id, child_id, relation, is_certain, event_key from trust_descents
),

distinct_descents as (
    select parent_id, child_id, relation, max(is_certain) as is_certain, min(event_key) as event_key
    from all_descents
    where parent_id <> child_id
    group by parent_id, child_id, relation
),

-- the number of possible requesters
counted as (
    select child_id, count(distinct parent_id) as parents
    from requested_descents
    group by child_id
)

select
    distinct_descents.parent_id,
    distinct_descents.child_id,
    distinct_descents.relation,
    distinct_descents.event_key,
    counted.parents,
    distinct_descents.is_certain and coalesce(counted.parents, 1) = 1 as is_certain
from distinct_descents
left join counted
  on  counted.child_id = distinct_descents.child_id
  and distinct_descents.relation not in ('forward_access', 'created_access_key', 'reset_service_credential')
  and distinct_descents.is_certain
