-- The status changes of a key, and other events that name it: those that look the key up or possibly issue it, then the
-- first ones. $key: the key; $most: number of other events. `total`: the number of all events that name the key.
with named as (
    select
        *,
        -- callers can name a key in any number of other calls
        case when event_name like 'GetAccessKey%' or may_issue then 1 else 2 end as rank
    from named_keys
    where access_key_id = $key
),

naming as (
    select
        event_key, access_key_id, change, succeeded, error_code, event_time, by_credential_id, by_access_key_id, by_arn
    from access_key_changes
    where access_key_id = $key

    union all

    select
        event_key, access_key_id, 'named', succeeded, error_code, event_time, by_credential_id, by_access_key_id, by_arn
    from (select *, row_number() over (order by rank, event_time, event_key) as place from named) as placed
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
    by_arn,
    (select count(*) from named)
        + (select count(*) from access_key_changes where access_key_id = $key) as total
from naming
order by event_time, event_key
