-- Create the table of the calls on a resource. $values: each value as logged, with its service, account and region
-- ($sources, $accounts, $regions); $text: a part of each, in any case; $is_object: whether it is an object of S3, otherwise objects count as their bucket.
-- Of a call that was delivered to several accounts, the caller's own copy.
create or replace temporary table pivot_calls as
select *
from every_call
where contains(lower(logged_resource), lower($text))
  and (
    case when $is_object then logged_resource else resource end,
    coalesce(event_source, ''),
    coalesce(recipient_account_id, ''),
    coalesce(aws_region, '')
) in (
    select unnest($values::varchar[]), unnest($sources::varchar[]), unnest($accounts::varchar[]),
        unnest($regions::varchar[])
)
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key)
    order by coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
