-- The accounts of which no event is loaded. $accounts: account IDs.
select asked.account_id
from (select unnest($accounts) as account_id) as asked
left join (select distinct recipient_account_id from coverage) as loaded
  on loaded.recipient_account_id = asked.account_id
where loaded.recipient_account_id is null
order by asked.account_id
