-- What was done to a key's owner: console password, and AWS's quarantine. $account, $user: the owner.
select
    changes.event_key,
    changes.event_name,
    changes.policy,
    changes.succeeded,
    changes.error_code,
    changes.event_time::timestamp as event_time,
    changes.by_access_key_id,
    coalesce(actors.actor_kind, 'unknown') as actor_kind,
    actors.actor_id,
    actors.actor_name,
    actors.actor_arn,
    actors.actor_account_id,
    actors.workload_type,
    actors.issuer,
    actors.provider,
    actors.identity_store_arn as actor_identity_store_arn,
    coalesce(actors.grade, 'none') as grade
from user_changes as changes
left join actors on actors.credential_id = changes.by_credential_id
where changes.account_id = $account
  and changes.user_name = $user
  and (changes.event_name like '%LoginProfile' or changes.policy like '%AWSCompromisedKeyQuarantine%')
order by changes.event_time, changes.event_key
