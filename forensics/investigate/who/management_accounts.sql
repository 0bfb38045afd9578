-- The management account of the organization, or the account that called AssumeRoot. No row if several are possible.
with known as (
    select management_account_id as account_id from accounts where management_account_id is not null
    union
    select account_id from trails where is_organization and account_id is not null
    union
    select caller_account_id from issuances where event_name = 'AssumeRoot' and not is_unreliable
)

select min(account_id) as account_id
from known
where account_id is not null
having count(*) = 1
