-- Every account in the logs or an export; account_audit.py adds the number of users and keys.
with loaded as (
    select
        recipient_account_id as account_id,
        sum(events)::bigint as events,
        min(first_event_time) as first_event_time,
        max(last_event_time) as last_event_time,
        list_sort(list(distinct aws_region) filter (where aws_region <> '')) as aws_regions
    from coverage
    where recipient_account_id is not null
    group by recipient_account_id
),

named as (
    select *, row_number() over (partition by account_id order by as_of desc, source_sha256) as place
    from accounts
),

listed as (
    select account_id, as_of from iam_key_listings where account_id is not null
    union all
    select account_id, as_of from iam_credential_report where account_id is not null
),

of_iam as (
    select account_id, max(as_of) as iam_as_of from listed group by account_id
),

known as (
    select account_id from loaded
    union
    select account_id from named
    union
    select account_id from of_iam
    union
    select account_id from exports where account_id is not null
    union
    select account_id from iam_users where account_id is not null
    union
    select account_id from access_keys where account_id is not null
)

select
    known.account_id,
    named.name,
    named.email,
    named.status,
    named.as_of::timestamp as as_of,
    coalesce(loaded.events, 0)::bigint as events,
    loaded.first_event_time::timestamp as first_event_time,
    loaded.last_event_time::timestamp as last_event_time,
    coalesce(loaded.aws_regions, []) as aws_regions,
    null as iam_users,
    0 as long_term_keys,
    0 as keys_with_findings,
    of_iam.iam_as_of::timestamp as iam_as_of
from known
left join loaded on loaded.account_id = known.account_id
left join named on named.account_id = known.account_id and named.place = 1
left join of_iam on of_iam.account_id = known.account_id
order by known.account_id
