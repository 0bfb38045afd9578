-- The number of events without each field that CloudTrail omitted for its size.
select unnest(string_split(omitted_fields, ',')) as field, count(*) as events
from events
where omitted_fields is not null
group by field
order by field
