-- every_addendum: the new table event_addenda.
-- Grain: one row per (event_key, addendum_key).

select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from addenda
union all
select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from old_addenda
where event_key not in (select event_key from to_amend)
order by event_key, addendum_key
