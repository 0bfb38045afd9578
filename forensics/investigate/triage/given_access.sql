-- Add the signals outside_account and public_access: calls that gave access to an account, of which no log is loaded,
-- or to everybody. A canonical user ID stands for an account. Of identity providers, see planted_access. The fewer
-- stories give such access, the stronger. Grain: one row per (story, day, signal).
insert into triage_signals
with loaded as (
    select distinct recipient_account_id as account_id
    from coverage
),

outside as (
    select
        records.story,
        records.event_date,
        records.event_time,
        records.event_key,
        records.event_id,
        case when given.given_to = 'everybody' then 'public_access' else 'outside_account' end as signal,
        case
            when given.given_to = 'everybody' then records.event_name
            when length(given.given_to) = 64 then 'canonical user ' || given.given_to[:8]
            else given.given_to
        end as detail
    from triage_given as given
    join triage_records as records on records.event_key = given.event_key
    left join loaded on loaded.account_id = given.given_to
    where loaded.account_id is null
      and given.given_to not like 'arn:%'
),

givers as (
    select signal, count(distinct story) as stories
    from outside
    group by signal
)

select
    outside.story,
    outside.event_date,
    outside.signal,
    1.0 / sqrt(any_value(givers.stories)) as strength,
    count(distinct outside.event_key) as events,
    min(outside.event_time)::timestamp as first_event,
    max(outside.event_time)::timestamp as last_event,
    list_distinct(arg_min(outside.event_id, (outside.event_time, outside.event_key), 5)) as event_ids,
    list_sort(
        list_distinct(arg_min(outside.detail, (outside.event_time, outside.event_key, outside.detail), 5))
    ) as details
from outside
join givers on givers.signal = outside.signal
group by outside.story, outside.event_date, outside.signal
