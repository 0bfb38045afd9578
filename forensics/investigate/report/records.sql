-- The records of cited and listed events, the cited ones first, within the available room. $cited: event IDs; $listed:
-- event keys by priority; $longest: maximum characters of one record; $room: maximum characters of all.
with wanted as materialized (
    select events.event_key, 0 as place
    from events
    where event_id in (select unnest($cited::varchar[]))

    union all

    select unnest($listed::varchar[]), unnest(range(1, len($listed::varchar[]) + 1))
),

ranked as materialized (
    select event_key, min(place) as place from wanted group by event_key
),

sized as (
    select
        ranked.event_key,
        ranked.place,
        sum(least(length(events.record), $longest)) over (order by ranked.place, ranked.event_key) as so_far
    from events
    join ranked on ranked.event_key = events.event_key
),

chosen as materialized (
    select event_key, place from sized where so_far <= $room
),

files as (
    select event_copies.event_key, list_sort(list(distinct source_files.name)) as names
    from event_copies
    join chosen on chosen.event_key = event_copies.event_key
    join source_files on source_files.sha256 = event_copies.source_sha256
    group by event_copies.event_key
)

select
    chosen.event_key,
    {
        event_id: events.event_id,
        recipient_account_id: events.recipient_account_id,
        event_time: events.event_time::timestamp,
        event_name: events.event_name,
        aws_region: events.aws_region,
        unreliable: events.unreliable,
        source_files: coalesce(files.names, []),
        length: length(events.record),
        text: left(events.record, $longest)
    } as record
from events
join chosen on chosen.event_key = events.event_key
left join files on files.event_key = events.event_key
order by chosen.place, chosen.event_key
