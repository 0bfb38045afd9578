-- The access keys that signed the calls of a page, ordered by first use. Grain: one row per (access_key_id,
-- account_id). `principal`: the user or role of the key; `status`: of a long-term key. $most: the number of rows; the
-- busiest keys are kept.
with counted as (
    select
        access_key_id,
        account_id,
        min(principal) as principal,
        case when count(distinct coalesce(actor_kind, '') || coalesce(qualified_actor_id, '')) = 1
            then min(actor_kind)
        end as actor_kind,
        case when count(distinct coalesce(actor_kind, '') || coalesce(qualified_actor_id, '')) = 1
            then min(actor_name)
        end as actor_name,
        count(*) as events,
        count(*) filter (outcome = 'succeeded') as succeeded,
        count(*) filter (outcome = 'denied') as denied,
        count(*) filter (outcome = 'failed') as failed,
        min(event_time)::timestamp as first_use,
        max(event_time)::timestamp as last_use,
        arg_min(event_id, (event_time, event_key)) as event_id
    from pivot_calls
    where access_key_id is not null
    group by access_key_id, account_id
)

select
    {
        access_key_id: counted.access_key_id, account_id: counted.account_id, principal: principal,
        actor_kind: actor_kind, actor_name: actor_name, succeeded: succeeded, denied: denied, failed: failed,
        first_use: counted.first_use::timestamp, last_use: counted.last_use::timestamp, event_id: event_id,
        status: access_keys.status
    } as listed,
    count(*) over () as total
from counted
left join access_keys
  on  access_keys.access_key_id = counted.access_key_id
  and access_keys.account_id = counted.account_id
qualify row_number() over (order by counted.events desc, counted.first_use, counted.access_key_id) <= $most
order by counted.first_use, counted.access_key_id
