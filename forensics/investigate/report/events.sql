-- The collected events that a report lists, ordered by time. $most: number of rows; $alike: number of similar calls
-- listed before others; $longest: maximum characters of a text.
with kinds as (
    select
        key_uses.*,
        sensitive_actions.tactic,
        sensitive_actions.technique,
        row_number() over (
            partition by
                key_uses.node, key_uses.event_source, key_uses.event_name, key_uses.outcome, key_uses.source_ip_address
            order by key_uses.event_time, key_uses.event_key
        ) as place
    from key_uses
    left join sensitive_actions
      on  sensitive_actions.event_source = key_uses.event_source
      and sensitive_actions.event_name = key_uses.event_name
),

chosen as (
    select
        *,
        row_number() over (
            order by
                case
                    when place <= $alike then 0
                    when technique is not null then 1
                    when outcome <> 'succeeded' then 2
                    else 3
                end,
                event_time,
                event_key
        ) as rank
    from kinds
    qualify rank <= $most
)

select
    event_key,
    rank,
    node,
    event_time::timestamp as event_time,
    left(event_name, $longest) as event_name,
    left(event_source, $longest) as event_source,
    left(aws_region, $longest) as aws_region,
    outcome,
    left(error_code, $longest) as error_code,
    left(source_ip_address, $longest) as source_ip_address,
    left(user_agent, $longest) as user_agent,
    left(coalesce(object, resource), $longest) as resource,
    tactic,
    technique,
    event_id,
    recipient_account_id
from chosen
order by chosen.event_time, event_key
