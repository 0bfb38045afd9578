-- known_addenda: every addendum, whether its event is in the case or not.
-- Grain: one row per (addendum_key, source_sha256, position).

select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from old_addenda
union all
select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from pending_addenda
