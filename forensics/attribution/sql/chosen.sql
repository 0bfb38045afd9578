-- chosen: the link that the walk follows. Grain: one row per credential that has one.

select
    judged_links.child_credential_id,
    judged_links.issuance_id,
    judged_links.parent_credential_id,
    judged_links.grade_rank
from judged_links
left join contested on contested.credential_id = judged_links.child_credential_id
where judged_links.place = 1
  and judged_links.is_of_one_issuer
  and contested.credential_id is null
