-- issuance_events: the events of each issuance: its own, and the role account's copies.
-- Grain: one row per (issuance_id, event_key).

select issuance_id, issuance_id as event_key
from issuances

union

select issuances.issuance_id, caller_copies.event_key
from issuances
join caller_copies
  on  caller_copies.own_event_key = issuances.issuance_id
  and caller_copies.is_same_issuance
