-- The long-term keys at the origin of credentials that one person requested with several keys at once. $ids: credential IDs.
with steps as (
    select credential_id, credential_id as ancestor_credential_id from credentials where credential_id in (select unnest($ids))
    union all
    select credential_id, ancestor_credential_id from walk where credential_id in (select unnest($ids))
),

parents as (
    select steps.credential_id, links.parent_credential_id, links.grade
    from steps
    join links on links.child_credential_id = steps.ancestor_credential_id and links.is_of_chosen_issuer
)

select parents.credential_id, credentials.access_key_id, max(parents.grade) as grade
from parents
join actors on actors.credential_id = parents.parent_credential_id
join credentials on credentials.credential_id = actors.last_credential_id
where credentials.access_key_id like 'AKIA%'
  and credentials.identity_type in ('IAMUser', 'Root')
group by parents.credential_id, credentials.access_key_id
order by parents.credential_id, credentials.access_key_id
