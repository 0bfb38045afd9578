-- Why a search for a name can have found nothing. Grain: one row. $name: the text.
-- `similar`: at most three names of users and roles that resemble the text, the closest first. `exported`: the
-- number of users and roles in exports.
with names as (
    select display_name as name
    from actors
    where actor_kind not in ('unknown', 'anonymous', 'aws_service')

    union

    select user_name
    from user_names

    union

    select regexp_extract(session_issuer_arn, '[^/]+$', 0)
    from credentials
    where session_issuer_type = 'Role'

    union

    select name
    from exported_principals
),

resembling as (
    select name, jaro_winkler_similarity(lower(name), lower($name)) as likeness
    from names
    where length(name) between 1 and 64
)

select
    coalesce(
        (
            select list(name order by likeness desc, name)[:3]
            from resembling
            where likeness >= 0.9
        ),
        []
    ) as similar,
    (select count(*) from exported_principals) as exported
