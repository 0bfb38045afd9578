-- exported_principals: the names of IDs, by the latest export that has them.
-- Grain: one row per (id, store_id). An IAM unique ID is never reused. An Identity Center user ID is unique in its
-- store, `store_id`, which is '' for IAM. Different statements for one time are ignored.

with named as (
    select
        user_id as id, '' as store_id, 'iam_user' as kind, account_id, user_name as name, arn,
        export, as_of, as_of_from, source_sha256
    from iam_users
    where user_id is not null

    union all

    select role_id, '', 'role', account_id, role_name, arn, export, as_of, as_of_from, source_sha256
    from iam_roles
    where role_id is not null

    union all

    select
        user_id, identity_store_id, 'identity_center_user', null, coalesce(user_name, display_name), null,
        export, as_of, as_of_from, source_sha256
    from identity_store_users
    where identity_store_id is not null
),

placed as (
    select *, rank() over (partition by id, store_id order by as_of desc) as place
    from named
)

select
    id,
    store_id,
    min(kind) as kind,
    min(account_id) as account_id,
    min(name) as name,
    min(arn) as arn,
    min(export) as export,
    min(as_of) as as_of,
    min(as_of_from) as as_of_from,
    min(source_sha256) as source_sha256
from placed
where place = 1
group by id, store_id
having count(distinct name) <= 1
   and count(distinct arn) <= 1
   and count(distinct account_id) <= 1
