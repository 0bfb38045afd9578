-- The loaded events of each account and region, with the account's name by the latest export.
with named as (
    select account_id, name, row_number() over (partition by account_id order by as_of desc, source_sha256) as place
    from accounts
    where name is not null
)

select
    coverage.recipient_account_id as account_id,
    coverage.aws_region,
    sum(coverage.events)::bigint as events,
    min(coverage.first_event_time)::timestamp as first_event_time,
    max(coverage.last_event_time)::timestamp as last_event_time,
    min(named.name) as name
from coverage
left join named on named.account_id = coverage.recipient_account_id and named.place = 1
group by coverage.recipient_account_id, coverage.aws_region
order by coverage.recipient_account_id, coverage.aws_region
