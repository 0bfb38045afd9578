-- The number of events of stories in spans of days. $stories, $firsts and $lasts: the story and the days of each span;
-- spans may overlap. One row per story with any.
with spans as (
    select
        unnest($stories::varchar[]) as story,
        unnest($firsts::date[]) as first_date,
        unnest($lasts::date[]) as last_date
)

select calls.story, sum(calls.events)::bigint
from triage_calls as calls
where exists (
    select 1
    from spans
    where spans.story = calls.story
      and calls.event_date between spans.first_date and spans.last_date
)
group by calls.story
order by calls.story
