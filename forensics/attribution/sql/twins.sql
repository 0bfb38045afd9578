-- twins: the redacted copies of cross-account calls whose caller's own copy is loaded, with the caller's credential.
-- Grain: one row per redacted copy. `redacted_credential_id`: the credential in the copy, which has no key.

select
    event_key,
    min(own_credential_id) as credential_id,
    min(credential_id) as redacted_credential_id
from caller_copies
where own_credential_id is not null
group by event_key
having min(own_credential_id) = max(own_credential_id)
