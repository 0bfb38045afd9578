-- The signals of the stories that stand out, weighed. $signals, $weights, $floors and $sensitive: the table of weights.
-- A signal counts in full on an unfamiliar, surprising or odd day, otherwise only its floor. On a day, the strongest
-- kind of sensitive call counts in full and the others in part: they come together. The score of a story is that of its
-- best day, with a part of the next. Signals are those of the three best days, and of days that are half as good as the
-- best: an administrator has a month of them. $least: the lowest score; $most: number of stories, the highest scores
-- first. `stories_of_leads`: the number of all stories with at least $least_of_lead. Grain: one row per (story, day,
-- signal).
with weights as (
    select
        unnest($signals::varchar[]) as signal,
        unnest($weights::double[]) as weight,
        unnest($floors::double[]) as floor,
        unnest($sensitive::boolean[]) as is_sensitive
),

first_days as (
    select story, event_date, strength
    from triage_signals
    where signal = 'first_seen'
),

contexts as (
    select
        triage_days.story,
        triage_days.event_date,
        1.0
            - (1.0 - greatest(triage_days.unfamiliar, coalesce(first_days.strength, 0.0)))
            * (1.0 - triage_days.surprise)
            * (1.0 - 0.6 * triage_days.odd_hour) as context
    from triage_days
    left join first_days on first_days.story = triage_days.story and first_days.event_date = triage_days.event_date
),

weighed as (
    select
        triage_signals.*,
        weights.is_sensitive,
        weights.weight * triage_signals.strength
            * (weights.floor + (1.0 - weights.floor) * coalesce(contexts.context, 0.0)) as score
    from triage_signals
    join weights on weights.signal = triage_signals.signal
    left join contexts on contexts.story = triage_signals.story and contexts.event_date = triage_signals.event_date
),

daily as (
    select
        story,
        event_date,
        coalesce(sum(case when not is_sensitive then score end), 0.0)
            + 0.6 * coalesce(max(case when is_sensitive then score end), 0.0)
            + 0.4 * coalesce(sum(case when is_sensitive then score end), 0.0) as score
    from weighed
    group by story, event_date
),

day_scores as (
    select story, event_date, score, row_number() over (partition by story order by score desc, event_date) as place
    from daily
),

story_scores as (
    select
        days.story,
        max(days.score) as best_day,
        max(days.score + 0.3 * coalesce(next_days.score, 0.0)) as score
    from day_scores as days
    left join day_scores as next_days
      on  next_days.story = days.story
      and next_days.event_date = days.event_date + 1
    group by days.story
),

standing_out as (
    select
        story_scores.story,
        best_day,
        score,
        count(case when score >= $least_of_lead then 1 end) over () as stories_of_leads
    from story_scores
    left join triage_crowds as crowds on crowds.story = story_scores.story
    where score >= $least
    -- no crowd takes the place of others
    order by
        crowds.story is not null
            and row_number() over (
                partition by crowds.account_id, crowds.role_arn, crowds.provider order by score desc, story_scores.story
            ) > 200,
        score desc,
        story_scores.story
    limit $most
)

select
    standing_out.story,
    standing_out.stories_of_leads,
    round(standing_out.score, 3) as story_score,
    round(day_scores.score, 3) as day_score,
    round(weighed.score, 3) as score,
    weighed.signal,
    weighed.event_date,
    weighed.events,
    weighed.first_event,
    weighed.last_event,
    weighed.event_ids,
    weighed.details
from standing_out
join day_scores
  on  day_scores.story = standing_out.story
  and day_scores.score >= case
      when day_scores.place <= 3 then greatest(0.5, 0.15 * standing_out.best_day)
      else 0.5 * standing_out.best_day
  end
join weighed on weighed.story = day_scores.story and weighed.event_date = day_scores.event_date
order by
    story_score desc, standing_out.story, day_score desc, weighed.event_date, score desc, weighed.signal,
    weighed.first_event, weighed.event_ids
