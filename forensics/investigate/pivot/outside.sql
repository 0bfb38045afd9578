-- Drop the calls of a page that are before $since, not before $until, or without a time if one of both is given.
delete from pivot_calls
where ($since::varchar is not null and coalesce(event_time < $since::timestamptz, true))
   or ($until::varchar is not null and coalesce(event_time >= $until::timestamptz, true))
