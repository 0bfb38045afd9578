-- Copies of events that differ from the stored copy. $keys: event keys; $files: the lake's files of conflicts.
-- `differs_in` compares with the copy that counts, if digests prove more of it than of the stored one.
select
    copies.event_key,
    copies.canonical_sha256,
    copies.delivery,
    coalesce(event_conflicts.differs_in, copies.differs_in) as differs_in,
    copies.raw
from read_parquet($files, hive_partitioning = false) as copies
left join event_conflicts
  on  event_conflicts.event_key = copies.event_key
  and event_conflicts.canonical_sha256 = copies.canonical_sha256
where copies.event_key in (select unnest($keys))
order by copies.event_key, copies.canonical_sha256
