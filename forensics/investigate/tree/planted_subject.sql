-- The plantings of an identifier, used or not. $id: an access key ID or a user's unique ID.
select distinct planting_id as id
from plantings
where access_key_id = $id or (kind = 'user' and principal_id = $id)
order by planting_id
