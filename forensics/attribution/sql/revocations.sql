-- revocations: the events that ended or restored a key, a user, a role, a password, a trust policy, or the sessions
-- that were issued before a time; and those that renamed users.
-- Grain: one row per event. Refused calls have no effect; an unreliable record ends nothing, but may restore something.
-- IAM evaluates policies per request: a revocation lasts until its policy is replaced or deleted, so these events are
-- rows, too. If a masked or omitted name hides the policy of such a call, `policy` is null: it ends nothing, but may
-- restore something. IAM does not distinguish names by case. `user_principal_id` identifies a user that was renamed
-- before.

with revoking_policies as (
    select distinct
        recipient_account_id,
        lower(target_policy) as policy,
        coalesce(lower(target_role_name), '') as role_name
    from telling_events
    where revoked_before is not null
      and event_name in ('PutUserPolicy', 'PutRolePolicy')
      and error_code is null
      and not unreliable
),

unnamed as (
    select event_key
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and recipient_account_id in (select recipient_account_id from revoking_policies)
      and (
          (event_name in ('PutUserPolicy', 'DeleteUserPolicy') and (target_policy is null or target_user_name is null))
          or (
              event_name in ('PutRolePolicy', 'DeleteRolePolicy')
              and (target_policy is null or target_role_name is null)
          )
      )
)

select
    telling_events.event_key,
    telling_events.event_id,
    telling_events.event_time,
    telling_events.event_name,
    telling_events.aws_region,
    telling_events.recipient_account_id as account_id,
    telling_events.target_access_key_id as access_key_id,
    telling_events.target_status as status,
    telling_events.target_user_name as user_name,
    telling_events.new_user_name,
    coalesce(
        user_changes.user_principal_id,
        -- a call of root that names no user is about root
        case
            when telling_events.target_user_name is null
                and telling_events.target_principal_id = telling_events.recipient_account_id
                then telling_events.recipient_account_id
        end
    ) as user_principal_id,
    telling_events.target_role_name as role_name,
    case when unnamed.event_key is null then revoking_policies.policy end as policy,
    telling_events.revoked_before,
    telling_events.unreliable as is_unreliable
from telling_events
left join user_changes on user_changes.event_key = telling_events.event_key
left join unnamed on unnamed.event_key = telling_events.event_key
left join revoking_policies
  on  revoking_policies.recipient_account_id = telling_events.recipient_account_id
  and revoking_policies.policy = lower(telling_events.target_policy)
  and revoking_policies.role_name = coalesce(lower(telling_events.target_role_name), '')
  and telling_events.event_name in ('PutUserPolicy', 'PutRolePolicy', 'DeleteUserPolicy', 'DeleteRolePolicy')
where telling_events.event_source = 'iam.amazonaws.com'
  and (
      telling_events.event_name in (
          'UpdateAccessKey', 'DeleteAccessKey', 'UpdateServiceSpecificCredential', 'DeleteServiceSpecificCredential',
          'CreateUser', 'UpdateUser', 'DeleteUser', 'CreateRole', 'DeleteRole', 'DeleteLoginProfile',
          'UpdateAssumeRolePolicy'
      )
      or revoking_policies.policy is not null
      or unnamed.event_key is not null
  )
  and telling_events.error_code is null
