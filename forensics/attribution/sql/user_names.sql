-- user_names: which IAM users were called what, and from when to when that is known. Grain: one row per (account_id,
-- user_name, principal_id, is_creation): one of a user's calls, one of its making. A name goes from one user to another
-- by deletion and by renaming: see name_changes.

select
    account_id,
    user_name,
    principal_id,
    min(arn) as arn,
    min(first_use) as first_known,
    max(last_use) as last_known,
    sum(rebuilt_events) = sum(reliable_events) as is_rebuilt,
    false as is_creation
from credential_days
where first_identity_type = 'IAMUser'
  and last_identity_type = 'IAMUser'
  and user_name is not null
  and principal_id is not null
group by account_id, user_name, principal_id

union all

select
    recipient_account_id,
    target_user_name,
    target_principal_id,
    cast(null as varchar),
    min(event_time),
    max(event_time),
    max(is_rebuilt),
    true
from telling_events
where event_name = 'CreateUser'
  and target_user_name is not null
  and target_principal_id is not null
  and error_code is null
  and not unreliable
group by recipient_account_id, target_user_name, target_principal_id
