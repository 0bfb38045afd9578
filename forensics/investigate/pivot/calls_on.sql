-- Create the table of the events on a resource. $values: each value as logged, with its service, account and region
-- ($sources, $accounts, $regions); $text: a part of each, in any case; $is_object: whether it is an object of S3;
-- otherwise, objects count as their bucket.
create or replace temporary table pivot_copies as
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
