-- How the events came: as AWS wrote them, wrapped by another product, or rebuilt from their fields.
select delivery, count(*) as events
from events
group by delivery
order by delivery
