-- The addresses that credentials were used from, with the first and the last use. $ids: credential IDs; $keys: their
-- access keys, '' for none. One row per credential and address, which is not classified here. An unreliable record does
-- not prove a use.
with uses as (
    select
        credential_id,
        coalesce(source_addresses, source_ip_address) as address,
        event_time,
        event_id,
        event_key
    from events
    where coalesce(access_key_id, '') in (select unnest($keys))
      and credential_id in (select unnest($ids))
      and source_ip_address is not null
      and event_time is not null
      and not unreliable
),

placed as (
    select
        *,
        row_number() over (partition by credential_id, address order by event_time, event_key) as place,
        row_number() over (partition by credential_id, address order by event_time desc, event_key desc)
            as place_from_last
    from uses
)

select
    credential_id,
    {
        address: address,
        class_: 'other',
        aws_region: null,
        first_use: min(event_time)::timestamp,
        last_use: max(event_time)::timestamp,
        events: count(*),
        first_event_id: min(case when place = 1 then event_id end),
        last_event_id: min(case when place_from_last = 1 then event_id end)
    } as use
from placed
group by credential_id, address
order by credential_id, min(event_time), address
