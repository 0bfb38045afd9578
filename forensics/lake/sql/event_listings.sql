-- event_listings: the verdict of digests on events with several versions, or with a better copy than the stored one.
-- Grain: one row per event_key.

with conflicting as (
    select distinct event_key from conflict_copies
),

stored as (
    select event_key, place
    from judged_copies
    where is_stored and place > 1 and event_key not in (select event_key from conflicting)
),

further as (
    select event_key, min(place) as place
    from judged_copies
    where not is_stored
    group by event_key
),

changed as (
    select stored.event_key, further.place
    from stored
    join further on further.event_key = stored.event_key
    where further.place < stored.place

    union all

    select event_key, min(place) as place
    from readings
    group by event_key
)

select
    changed.event_key,
    case changed.place
        when 1 then 'listed' when 2 then 'not_covered' when 3 then 'contested' else 'unlisted'
    end as listing,
    cast(stored_events.event_time as date) as event_date
from changed
join stored_events on stored_events.event_key = changed.event_key
