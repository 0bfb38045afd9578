-- plantings: what was created in IAM that outlives the creator's credential: access keys, service-specific credentials,
-- users, passwords, trust policies. A reset returns the new secret of a service-specific credential to its caller.
-- Grain: one row per thing and event that created it. A trust policy that was set, by an update or with a new role, is
-- a thing of its own. Refused calls and unreliable records create nothing. `user_principal_id` is the user that was
-- created, or that the key or password is for; null if that user is not known for sure (`named_users`). `name` is null
-- for a password of root, which only AssumeRoot creates. In a record without its response, a created user or key has no
-- ID.

with made as (
    select
        telling_events.event_key,
        event_id,
        event_time,
        event_name,
        recipient_account_id as account_id,
        credential_id as creator_credential_id,
        created_access_key_id,
        case when event_name = 'ResetServiceSpecificCredential' then target_access_key_id end as reset_credential_id,
        target_user_name,
        target_role_name,
        target_principal_id,
        coalesce(
            named_users.principal_id,
            -- a call of root that names no user is about root
            case
                when target_user_name is null and target_principal_id = recipient_account_id then recipient_account_id
            end
        ) as user_principal_id
    from telling_events
    left join named_users on named_users.event_key = telling_events.event_key
    where event_source = 'iam.amazonaws.com'
      and event_name in (
          'CreateAccessKey', 'CreateServiceSpecificCredential', 'ResetServiceSpecificCredential',
          'CreateUser', 'CreateLoginProfile', 'UpdateLoginProfile', 'CreateRole', 'UpdateAssumeRolePolicy'
      )
      and error_code is null
      and not unreliable
)

select
    'access_key|' || account_id || '|' || coalesce(created_access_key_id, event_key) as planting_id,
    'access_key' as kind,
    'created_access_key' as relation,
    account_id,
    target_user_name as name,
    null as principal_id,
    user_principal_id,
    created_access_key_id as access_key_id,
    creator_credential_id,
    event_key,
    event_id,
    event_name,
    event_time
from made
where created_access_key_id is not null
   or (
       event_name in ('CreateAccessKey', 'CreateServiceSpecificCredential')
       and coalesce(target_user_name, user_principal_id) is not null
   )

union all

select
    'access_key|' || account_id || '|' || reset_credential_id, 'access_key', 'reset_service_credential', account_id,
    target_user_name, null, user_principal_id, reset_credential_id, creator_credential_id, event_key, event_id,
    event_name, event_time
from made
where reset_credential_id is not null

union all

select
    'user|' || account_id || '|' || coalesce(target_principal_id, user_principal_id, event_key), 'user', 'created_user',
    account_id, target_user_name, coalesce(target_principal_id, user_principal_id),
    coalesce(target_principal_id, user_principal_id), null, creator_credential_id, event_key, event_id, event_name,
    event_time
from made
where event_name = 'CreateUser'
  and coalesce(target_user_name, target_principal_id) is not null
  and coalesce(target_principal_id <> account_id, true)

union all

select
    'login_profile|' || event_key, 'login_profile', 'created_login_profile', account_id, target_user_name,
    null, user_principal_id, null, creator_credential_id, event_key, event_id, event_name, event_time
from made
where event_name in ('CreateLoginProfile', 'UpdateLoginProfile')
  and coalesce(target_user_name, user_principal_id) is not null

union all

select
    'role|' || event_key, 'role', 'changed_trust_policy', account_id, target_role_name,
    target_principal_id, null, null, creator_credential_id, event_key, event_id, event_name, event_time
from made
where event_name in ('CreateRole', 'UpdateAssumeRolePolicy') and target_role_name is not null
