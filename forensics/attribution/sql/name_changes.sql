-- name_changes: when an IAM user's name may have become another's. Grain: one row per event; `user_name` is null where
-- any name may have changed hands, for a renaming is taken to be about both names and says only one of them here.
-- A record that proves nothing leaves a doubt, too.

select
    recipient_account_id as account_id,
    case event_name when 'UpdateUser' then null else target_user_name end as user_name,
    event_time,
    event_name = 'CreateUser' as is_creation
from telling_events
where event_source = 'iam.amazonaws.com'
  and event_name in ('CreateUser', 'DeleteUser', 'UpdateUser')
  and error_code is null
