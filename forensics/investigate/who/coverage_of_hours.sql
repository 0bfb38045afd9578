-- The regions of each account that have an event in an hour. $accounts, $hours: pairs.
select distinct coverage.recipient_account_id, coverage.aws_region, coverage.hour::timestamp as hour
from coverage
join (select unnest($accounts) as account_id, unnest($hours)::timestamp as hour) as asked
  on asked.account_id = coverage.recipient_account_id
  and asked.hour = coverage.hour::timestamp
order by 1, 2, 3
