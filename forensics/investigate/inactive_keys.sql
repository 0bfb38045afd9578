-- Long-term keys that were inactive by IAM at a time, without a later logged change, and whether later
-- calls succeeded. $keys: access key IDs.
with inactive as materialized (
    select access_key_id, status, status_as_of, status_as_of_from, status_source_sha256
    from exported_keys
    where access_key_id in (select unnest($keys))
      and status = 'Inactive'
      and not exists (
          select 1
          from access_key_changes as changes
          where changes.access_key_id = exported_keys.access_key_id
            and changes.succeeded
            and changes.event_time > exported_keys.status_as_of
      )
),

used_since as (
    select distinct inactive.access_key_id
    from inactive
    join credentials
      on  credentials.access_key_id = inactive.access_key_id
      and credentials.last_use > inactive.status_as_of
    join events
      on  events.credential_id = credentials.credential_id
      and events.event_time > inactive.status_as_of
      and events.outcome = 'succeeded'
)

select
    inactive.access_key_id,
    inactive.status,
    inactive.status_as_of::timestamp as as_of,
    inactive.status_as_of_from as as_of_from,
    inactive.status_source_sha256 as source_sha256,
    'iam_access_keys' as export,
    used_since.access_key_id is not null as is_used_since
from inactive
left join used_since on used_since.access_key_id = inactive.access_key_id
order by inactive.access_key_id
