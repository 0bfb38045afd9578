-- links: child credential -> the issuance or identity that requested it.
-- Grain: one row per (child_credential_id, issuance_id), for the candidates of the strongest grade. `is_chosen` marks
-- the link that the walk follows: the grade names (proven, strong), all candidates of that grade have one issuer, and
-- the credential is not `contested`. The walk never follows an unreliable issuance, but it remains a candidate.

select
    judged_links.child_credential_id,
    judged_links.issuance_id,
    judged_links.rule,
    judged_links.grade,
    judged_links.grade_rank,
    judged_links.parent_credential_id,
    judged_links.issuer_key,
    judged_links.switch_issuance_id,
    judged_links.console_event_key,
    judged_links.tool_event_key,
    judged_links.is_in_console,
    judged_links.is_documented_only,
    judged_links.distrust,
    judged_links.is_ambiguous or (judged_links.is_best and contested.credential_id is not null) as is_ambiguous,
    chosen.child_credential_id is not null as is_chosen,
    judged_links.is_of_one_issuer and contested.credential_id is null as is_of_chosen_issuer
from judged_links
left join contested on contested.credential_id = judged_links.child_credential_id
left join chosen
  on  chosen.child_credential_id = judged_links.child_credential_id
  and chosen.issuance_id = judged_links.issuance_id
