-- The names of some files. $hashes: SHA-256 of what they hold.
select sha256, list_sort(list(distinct name)) as names
from source_files
where sha256 in (select unnest($hashes))
group by sha256
