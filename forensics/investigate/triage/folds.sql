-- The stories whose keys, users, passwords or roles another story planted. $stories: the stories to compare.
-- Grain: one row per (story, planter, planted_at).
with planted as (
    select
        planters.story as planter,
        plantings.planting_id,
        plantings.access_key_id,
        plantings.event_time
    from plantings
    join triage_stories as planters on planters.credential_id = plantings.creator_credential_id
    where planters.story in (select unnest($stories))
      and plantings.event_time is not null
),

below as (
    select planted.planter, planted.event_time, triage_stories.story
    from planted
    join derived on derived.ancestor_id = planted.planting_id and derived.is_certain
    join triage_stories on triage_stories.credential_id = derived.derived_id

    union all

    select planter, event_time, access_key_id
    from planted
)

select distinct story, planter, event_time::timestamp as planted_at
from below
where story <> planter
  and story in (select unnest($stories))
order by story, planted_at, planter
