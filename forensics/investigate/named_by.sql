-- The status changes of a key, and the first other events that name it. $key: the key; $most: number of other events.
with others as (
    select *, row_number() over (order by event_time, event_key) as place
    from named_keys
    where access_key_id = $key
),

naming as (
    select event_key, access_key_id, change, succeeded, error_code, event_time, by_credential_id, by_access_key_id, by_arn
    from access_key_changes
    where access_key_id = $key

    union all

    select event_key, access_key_id, 'named', succeeded, error_code, event_time, by_credential_id, by_access_key_id, by_arn
    from others
    where place <= $most
)

select
    event_key,
    access_key_id,
    change,
    succeeded,
    error_code,
    event_time::timestamp as event_time,
    by_credential_id,
    by_access_key_id,
    by_arn
from naming
order by event_time, event_key
