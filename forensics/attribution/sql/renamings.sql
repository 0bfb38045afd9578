-- renamings: the calls that gave an IAM user another name. IAM does not distinguish names by case, so the names are in
-- lower case. If `is_known` is false, the record does not show reliably which names changed.
-- Grain: one row per event.

select
    event_key,
    recipient_account_id as account_id,
    event_time,
    lower(target_user_name) as old_name,
    lower(new_user_name) as new_name,
    new_user_name,
    is_rebuilt,
    not unreliable and target_user_name is not null and new_user_name is not null as is_known
from telling_events
where event_source = 'iam.amazonaws.com'
  and event_name = 'UpdateUser'
  and error_code is null
  -- a call that only gave the user another path
  and coalesce(new_user_name <> target_user_name, true)
