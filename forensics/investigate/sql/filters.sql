-- What the ingests took, where any of them left something out. One row per filter; no list and no time is everything.
select
    accounts,
    regions,
    since::timestamp as since,
    until::timestamp as until,
    delivered_from::timestamp as delivered_from,
    (delivered_to + interval 1 day)::timestamp as delivered_until
from filters
order by accounts, regions, since, until
