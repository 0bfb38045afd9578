-- The source addresses, as logged, that contain IP addresses.
select distinct source_ip_address
from events
where source_addresses is not null
order by source_ip_address
