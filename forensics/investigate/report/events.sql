-- The events that a report lists, ordered by time. $uses: the table of all calls; $most: number of rows; $alike: number
-- of similar calls listed before others; $longest: maximum characters of a text.
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
    from query_table($uses) as key_uses
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
    {
        node: node,
        event_time: event_time::timestamp,
        event_name: left(event_name, $longest),
        event_source: left(event_source, $longest),
        aws_region: left(aws_region, $longest),
        outcome: outcome,
        error_code: left(error_code, $longest),
        source_ip_address: left(source_ip_address, $longest),
        user_agent: left(user_agent, $longest),
        resource: left(coalesce(object, resource), $longest),
        tactic: tactic,
        technique: technique,
        event_id: event_id,
        recipient_account_id: recipient_account_id,
        record: null
    } as event
from chosen
order by event_time, event_key
