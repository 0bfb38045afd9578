-- The trails of the case, each by its latest description, with what it records by the latest export that shows it.
with described as (
    select
        *,
        row_number() over (
            partition by coalesce(trail_arn, account_id || trail_name) order by as_of desc, source_sha256
        ) as place
    from trails
),

selected as (
    select *, row_number() over (partition by trail_arn order by as_of desc, source_sha256) as place
    from event_selectors
)

select
    coalesce(nullif(coalesce(described.trail_name, selected.trail_name), ''), 'a trail without a name') as trail,
    coalesce(described.account_id, selected.account_id) as account_id,
    described.home_region,
    described.is_multi_region as multi_region,
    described.is_organization as organization,
    case
        when selected.narrows_trail or described.includes_global_services = false then true
        when selected.narrows_trail is not null then false
    end as narrowed,
    coalesce(
        selected.leaves_out,
        case when described.includes_global_services = false then 'global_services' end
    ) as leaves_out,
    selected.records_data_events as data_events,
    least(described.as_of, selected.as_of)::timestamp as as_of,
    coalesce(described.as_of_from, selected.as_of_from) as as_of_from,
    (
        select coalesce(list_sort(list(distinct name)), [])
        from source_files
        where sha256 in (described.source_sha256, selected.source_sha256)
    ) as source_files
from (select * from described where place = 1) as described
full join (select * from selected where place = 1) as selected on selected.trail_arn = described.trail_arn
order by
    account_id,
    coalesce(described.trail_name, selected.trail_name),
    home_region,
    coalesce(described.trail_arn, selected.trail_arn)
