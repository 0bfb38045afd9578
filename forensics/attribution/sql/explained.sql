-- explained: credentials of which a link to one issuer is chosen.
-- Grain: one row per credential.

select distinct child_credential_id
from links
where is_of_chosen_issuer
