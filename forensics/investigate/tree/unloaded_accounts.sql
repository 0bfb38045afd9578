-- The accounts without a loaded event. $accounts: the account IDs to check.
select named.account_id
from (select unnest($accounts) as account_id) as named
left join (select distinct recipient_account_id from coverage) as loaded
  on loaded.recipient_account_id = named.account_id
where loaded.recipient_account_id is null
order by named.account_id
