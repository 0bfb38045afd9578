-- What befell a key, and refused attempts on its owner's keys that do not say which. $key; $account, $user: its owner.
select
    changes.event_key,
    changes.access_key_id,
    changes.account_id,
    changes.change,
    changes.succeeded,
    changes.error_code,
    changes.event_time::timestamp as event_time,
    changes.by_access_key_id,
    changes.by_arn,
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
from access_key_changes as changes
left join actors on actors.credential_id = changes.by_credential_id
where changes.access_key_id = $key
   or (
       changes.access_key_id is null and changes.change <> 'created'
       and changes.account_id = $account and changes.user_name = $user
   )
order by changes.event_time, changes.event_key
