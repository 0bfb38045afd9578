-- Whether a name belongs to a principal of the case. $names: names, compared without case.
select distinct lower(name) as name
from principals
where lower(name) in (select lower(unnest($names)))
