-- The expiry times of the issuances of edges. $ids: issuance IDs.
select
    issuance_id as id,
    event_name as issuance_name,
    caller_invoked_by,
    event_time::timestamp as issuance_time,
    expires_at::timestamp as expires_at
from issuances
where issuance_id in (select unnest($ids))
