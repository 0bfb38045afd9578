-- The latest listing of all keys of a user, and the keys in it.
with latest as (
    select *, row_number() over (partition by account_id, lower(user_name) order by as_of desc, source_sha256) as place
    from iam_key_listings
)

select
    latest.account_id,
    latest.user_name,
    latest.as_of::timestamp as as_of,
    latest.as_of_from,
    latest.export,
    latest.source_sha256,
    coalesce(
        list_sort(list(distinct keys.access_key_id) filter (where keys.access_key_id is not null)), []
    ) as access_key_ids
from latest
left join iam_access_keys as keys
  on  keys.source_sha256 = latest.source_sha256
  and lower(keys.user_name) = lower(latest.user_name)
  and keys.account_id is not distinct from latest.account_id
  and keys.as_of is not distinct from latest.as_of
where latest.place = 1
group by
    latest.account_id, latest.user_name, latest.as_of, latest.as_of_from, latest.export, latest.source_sha256
