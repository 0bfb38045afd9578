-- What triage read. `other_events`: data events and other events that are not management events, or that are
-- unreliable. One row.
select
    coalesce(sum(events), 0)::bigint as events,
    coalesce(sum(events) - sum(management_events), 0)::bigint as other_events,
    min(first_event_time)::timestamp as first_event,
    max(last_event_time)::timestamp as last_event,
    (
        select count(*)
        from trail_changes
        where effect in ('stopped', 'narrowed')
    ) as trail_stops,
    (select count(distinct story) from triage_calls) as stories
from coverage
