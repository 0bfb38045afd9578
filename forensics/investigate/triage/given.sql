-- Create the table of the access that calls gave, which Python fills: to accounts, canonical users, identity providers
-- and everybody. Grain: one row per (event, recipient).
create temporary table triage_given (
    event_key varchar,
    given_to varchar
)
