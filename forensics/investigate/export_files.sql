-- The names of files. $hashes: SHA-256 of their content.
select sha256, list_sort(list(distinct name)) as names
from source_files
where sha256 in (select unnest($hashes))
group by sha256
