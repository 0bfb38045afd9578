-- The calls of a page whose record proves nothing, such as an event with two different copies. $since, $until: times;
-- $most: number of rows, the earliest first. Grain: one row per call.
select event_id, count(*) over () as total
from pivot_copies
where unreliable
  and ($since::varchar is null or event_time >= $since::timestamptz)
  and ($until::varchar is null or event_time < $until::timestamptz)
order by event_time, event_key
limit $most
