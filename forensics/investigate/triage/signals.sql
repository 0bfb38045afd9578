-- Create the table of signals, which the other queries of triage fill. `strength`: how unusual it is within this case,
-- from 0 to 1, for bulks to 3. `event_ids`: the events that prove it, the most significant first.
-- Grain: one row per (story, day, signal), and per user or thing for some signals.
create temporary table triage_signals (
    story varchar,
    event_date date,
    signal varchar,
    strength double,
    events bigint,
    first_event timestamp,
    last_event timestamp,
    event_ids varchar[],
    details varchar[]
)
