-- canonical: the canonical hashes of copies of an event whose bytes differ.
-- Grain: one row per raw_sha256.

with differing as (
    select event_key from copies
    group by event_key
    having count(distinct raw_sha256) > 1
),
one_of_each as (
    select raw_sha256, filename, file_row_number
    from copies
    semi join differing using (event_key)
    qualify row_number() over (partition by raw_sha256 order by filename, file_row_number) = 1
)
select raw_sha256, canonical_sha256(raw) as canonical_sha256
from read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)
join one_of_each using (filename, file_row_number)
