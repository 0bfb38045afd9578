-- sensitive_callers: how many callers made each sensitive call with success. Grain: one row per (event_source,
-- event_name) with such a call. All credentials of one origin key, of one actor or of one role are one caller.

select
    events.event_source,
    events.event_name,
    count(
        distinct coalesce(
            actors.origin_access_key_id,
            actors.actor_kind || '|' || actors.actor_id,
            credentials.session_issuer_arn,
            credentials.arn,
            credentials.credential_id
        )
    ) as callers
from events
join sensitive_actions
  on  sensitive_actions.event_source = events.event_source
  and sensitive_actions.event_name = events.event_name
join credentials on credentials.credential_id = events.credential_id
left join actors on actors.credential_id = events.credential_id
where events.outcome = 'succeeded'
group by events.event_source, events.event_name
