-- conflicting_keys: the access key IDs in the copies that differ from the event that is shown.
-- Grain: one row per event_key. A masked ID, such as `ASIAXXXXXXXXXXXXXXXX`, is not a key.

with copies as (
    -- quotes, and bytes that are not ASCII, become escapes
    select event_key, replace(raw::varchar, '\x22', '"') as text from lake_conflicts
    union all
    select event_key, replace(raw::varchar, '\x22', '"')
    from stored_events
    where event_key in (select event_key from replaced_events)
),

named as (
    select event_key, unnest(regexp_extract_all(text, '\bA(?:CC|KI|SI)A[A-Z0-9]{12,36}\b')) as access_key_id
    from copies
)

select event_key, string_agg(distinct access_key_id, ' ' order by access_key_id) as access_key_ids
from named
where replace(substr(access_key_id, 5), substr(access_key_id, 5, 1), '') <> ''
group by event_key
