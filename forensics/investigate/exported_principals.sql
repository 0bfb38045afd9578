-- The names of principals in exports, and in events. $ids: unique IDs of IAM, or Identity Center user IDs.
select
    exported.id,
    exported.store_id,
    exported.account_id,
    exported.name,
    exported.export,
    exported.as_of::timestamp as as_of,
    exported.as_of_from,
    exported.source_sha256,
    principals.name as logged_name
from exported_principals as exported
left join principals on principals.principal_id = exported.id and principals.account_id = exported.account_id
where exported.id in (select unnest($ids))
order by exported.id, exported.store_id
