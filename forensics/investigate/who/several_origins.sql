-- The long-term keys at the origin of credentials that one person requested with several keys at once. $ids: credential
-- IDs.
with steps as materialized (
    select unnest($ids) as credential_id, unnest($ids) as ancestor_credential_id

    union all

    select credential_id, ancestor_credential_id
    from walk
    where credential_id in (select unnest($ids))
),

-- filter each large table before joining
asked_for as materialized (
    select child_credential_id, parent_credential_id, grade, is_of_chosen_issuer
    from links
    where child_credential_id in (select ancestor_credential_id from steps)
),

chosen as materialized (
    select * from asked_for where is_of_chosen_issuer
),

parents as materialized (
    select steps.credential_id, links.parent_credential_id, links.grade
    from steps
    join chosen as links on links.child_credential_id = steps.ancestor_credential_id
),

ends as materialized (
    select credential_id, last_credential_id
    from actors
    where credential_id in (select parent_credential_id from parents)
),

origins as materialized (
    select credential_id, access_key_id, identity_type, is_long_term
    from credentials
    where credential_id in (select last_credential_id from ends)
)

select parents.credential_id, credentials.access_key_id, max(parents.grade) as grade
from parents
join ends as actors on actors.credential_id = parents.parent_credential_id
join origins as credentials on credentials.credential_id = actors.last_credential_id
where credentials.is_long_term
  and credentials.identity_type in ('IAMUser', 'Root')
group by parents.credential_id, credentials.access_key_id
order by parents.credential_id, credentials.access_key_id
