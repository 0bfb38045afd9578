-- amending_addenda: the addenda of the events to amend, with all copies of each.
-- Grain: one or more rows per (addendum_key, source_sha256, position).

select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from old_addenda
where event_key in (select event_key from to_amend)
union all
select event_key, addendum_key, event_time, delivery, source_sha256, position, raw from pending_addenda
where event_key in (select event_key from to_amend)
