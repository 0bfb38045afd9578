-- Exports grouped by everything except their files, and whether events of their account are loaded.
with loaded as (
    select distinct recipient_account_id as account_id from coverage
),

known as (
    select count(*) > 0 as any_event from coverage
)

select
    exports.export,
    exports.account_id,
    max(exports.as_of)::timestamp as as_of,
    arg_max(exports.as_of_from, (exports.as_of, exports.as_of_from)) as as_of_from,
    count(*) as files,
    sum(exports.statements)::bigint as statements,
    case
        when exports.account_id is null or not any_value(known.any_event) then null
        else count(loaded.account_id) > 0
    end as loaded
from exports
cross join known
left join loaded on loaded.account_id = exports.account_id
group by exports.export, exports.account_id
order by exports.export, exports.account_id
