-- in_console: sessions that were seen in the console: a sign-in began them, logged or not.
-- Grain: one row per session (account, principal ID, creation date).

select distinct account_id, principal_id, session_creation_date
from credentials
where from_console and session_creation_date is not null
