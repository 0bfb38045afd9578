-- hops: credential -> the credential that requested it. Grain: one row per credential that has a parent.
-- The walk starts with these rows (attribution/order.py).

select
    child_credential_id as credential_id,
    parent_credential_id as ancestor_credential_id,
    1 as depth,
    grade_rank
from chosen
where parent_credential_id is not null
