-- attributed_events: every event with who is behind it. Grain: one row per event.
-- An unreliable event, or one whose record has no identity, is for display only and has no actor. A refused sign-in is
-- anonymous. Another account's copy of a call has the actor of the caller's own copy. `actor_name` is the
-- `display_name` of `actors`, or the name in the event's own record.

-- nobody was authenticated: refused sign-ins, and steps before one. A sign-in whose record lacks its user is not
-- anonymous
with attempts as (
    select event_key
    from events
    where credential_id is null
      and coalesce(
          sign_in_result = 'Failure',
          lower(event_type) = 'awsconsolesignin' and not contains(coalesce(flags, ''), 'identity_unread'),
          false
      )
)

select
    events.*,
    case
        when events.unreliable then 'unknown'
        when events.credential_id is not null then actors.actor_kind
        when attempts.event_key is not null then 'anonymous'
        else 'unknown'
    end as actor_kind,
    case when not events.unreliable then actors.actor_id end as actor_id,
    -- the name of a user in the event's own record: the user may be renamed later
    case
        when events.unreliable then null
        when attempts.event_key is not null then 'anonymous'
        when events.identity_type in ('IAMUser', 'IdentityCenterUser', 'Directory', 'Unknown')
            and events.principal_id = actors.actor_id
            then coalesce(events.user_name, actors.display_name)
        else actors.display_name
    end as actor_name,
    case
        when events.unreliable then null
        when events.identity_type = 'IAMUser' and events.principal_id = actors.actor_id
            then coalesce(events.arn, actors.actor_arn)
        else actors.actor_arn
    end as actor_arn,
    case when not events.unreliable then actors.actor_account_id end as actor_account_id,
    case when not events.unreliable then actors.qualified_actor_id end as qualified_actor_id,
    case when not events.unreliable then actors.workload_type end as actor_workload_type,
    case when not events.unreliable then actors.issuer end as actor_issuer,
    case when not events.unreliable then actors.provider end as actor_provider,
    case when not events.unreliable then actors.identity_store_arn end as actor_identity_store_arn,
    case
        when events.unreliable then 'none'
        when events.credential_id is not null then actors.grade
        when attempts.event_key is not null then 'proven'
        else 'none'
    end as grade,
    case
        when events.listing in ('unlisted', 'contested') then 'not_trusted'
        when events.unreliable then 'ambiguous'
        when events.credential_id is not null then actors.stop_reason
        when attempts.event_key is not null then 'anonymous'
        else 'never_logged'
    end as stop_reason,
    case when not events.unreliable then actors.origin_access_key_id end as origin_access_key_id
from events
left join attempts on attempts.event_key = events.event_key
left join twins on twins.event_key = events.event_key
left join actors on actors.credential_id = coalesce(twins.credential_id, events.credential_id)
