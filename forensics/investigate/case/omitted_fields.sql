-- The fields that CloudTrail omitted because of their size, and the number of events without each.
select unnest(string_split(omitted_fields, ',')) as field, count(*) as events
from events
where omitted_fields is not null
group by field
order by field
