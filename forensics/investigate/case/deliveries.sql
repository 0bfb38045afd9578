-- The number of events by delivery: native, wrapped by another product, or rebuilt from fields.
select delivery, count(*) as events
from events
group by delivery
order by delivery
