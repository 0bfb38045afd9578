-- The filters of the ingests. One row per filter; an empty list or a null time is no restriction.
select
    accounts,
    regions,
    since::timestamp as since,
    until::timestamp as until,
    delivered_from::timestamp as delivered_from,
    (delivered_to + interval 1 day)::timestamp as delivered_until
from filters
order by accounts, regions, filters.since, filters.until, delivered_from, delivered_until
