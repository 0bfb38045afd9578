-- The accounts whose exported trails all leave out AssumeRole. A loaded AssumeRole shows another trail, such as that of
-- an organization. $accounts: account IDs; one row per account.
with latest as (
    select account_id, leaves_out
    from event_selectors
    where account_id in (select unnest($accounts))
    qualify row_number() over (partition by trail_arn order by as_of desc, source_sha256) = 1
)

select account_id
from latest
where account_id not in (
    select recipient_account_id
    from issuances
    where event_name = 'AssumeRole' and recipient_account_id is not null
)
group by account_id
having min(coalesce(leaves_out, '') in ('read_only_events', 'management_events'))
order by account_id
