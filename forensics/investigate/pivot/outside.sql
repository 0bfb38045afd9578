-- Delete the calls of a page that are outside the time range $since to $until, which excludes $until. Calls without a
-- time are outside any range.
delete from pivot_calls
where ($since::varchar is not null and coalesce(event_time < $since::timestamptz, true))
   or ($until::varchar is not null and coalesce(event_time >= $until::timestamptz, true))
