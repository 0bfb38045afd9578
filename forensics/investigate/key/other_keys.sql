-- The other long-term keys of a key's owner. $key; $account, $kind, $principal, $user: the owner. `event_id`: the
-- creation of the key, otherwise its first use.
with others as (
    select *
    from access_keys
    where account_id = $account
      and access_key_id <> $key
      and owner_kind = $kind
      and (owner_kind = 'root' or same_user(owner_principal_id, owner_name, $principal, $user))
),

uses as (
    select
        access_key_id,
        account_id,
        arg_min(event_id, (event_time, event_id)) as event_id,
        max(case when outcome = 'succeeded' then event_time end) as last_success
    from events
    where access_key_id in (select access_key_id from others)
    group by access_key_id, account_id
)

select
    others.access_key_id,
    others.status,
    others.created_at::timestamp as created_at,
    others.first_use::timestamp as first_use,
    others.last_use::timestamp as last_use,
    others.events::bigint as events,
    coalesce(evidence.event_id, uses.event_id) as event_id,
    uses.last_success::timestamp as last_success,
    others.expires_at::timestamp as expires_at
from others
left join evidence on evidence.event_key = others.created_by_event_key
left join uses on uses.access_key_id = others.access_key_id and uses.account_id = others.account_id
order by others.access_key_id
