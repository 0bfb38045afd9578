-- The names of principals of the case. $names: names, compared without case.
select distinct lower(name) as name
from principals
where lower(name) in (select lower(unnest($names)))
