-- links: child credential -> what requested it. The candidates of the strongest grade that has any, judged together.
-- Grain: one row per (child_credential_id, issuance_id). `is_chosen` marks the one that the walk follows: only where
-- the grade names (proven, strong) and all candidates of that grade have one issuer; who is `contested` has several
-- after all. An issuance whose record proves nothing is never followed, and still a doubt: whoever it names may have
-- been the one.

with ranked as (
    select
        *,
        min(case grade when 'proven' then 1 when 'strong' then 2 when 'medium' then 3 else 4 end)
            over (partition by child_credential_id) as best,
        case grade when 'proven' then 1 when 'strong' then 2 when 'medium' then 3 else 4 end as grade_rank
    from candidates
),

heard as (
    select
        *,
        -- whoever was issued the very key, though by its date in another second, speaks against a match by time alone
        grade_rank = best or (best = 2 and rule = 'issued_key' and grade = 'medium') as is_best
    from ranked
),

compared as (
    select
        *,
        min(case when is_best then issuer_key end) over (partition by child_credential_id) as first_issuer,
        max(case when is_best then issuer_key end) over (partition by child_credential_id) as last_issuer,
        row_number() over (
            partition by child_credential_id
            order by
                grade_rank,
                -- of one person's sign-in and token in one second, the sign-in explains keys that were never issued
                case event_name when 'ConsoleLogin' then 1 else 2 end,
                -- the caller's own copy before one that names it by ID only
                case when parent_credential_id is null then 2 else 1 end,
                parent_credential_id,
                issuance_id
        ) as place
    from heard
)

select
    child_credential_id,
    issuance_id,
    rule,
    case when is_unreliable then 'weak' else grade end as grade,
    case when is_unreliable then 4 else grade_rank end as grade_rank,
    parent_credential_id,
    issuer_key,
    switch_issuance_id,
    console_event_key,
    tool_event_key,
    is_documented_only,
    is_best and best <= 2 and (first_issuer <> last_issuer or contested.credential_id is not null) as is_ambiguous,
    place = 1 and best <= 2 and first_issuer = last_issuer and contested.credential_id is null
        and not is_unreliable as is_chosen,
    is_best and best <= 2 and first_issuer = last_issuer and contested.credential_id is null
        and not is_unreliable as is_of_chosen_issuer
from compared
left join contested on contested.credential_id = compared.child_credential_id
