-- judged_links: the candidates of each credential, judged together: those of the strongest grade that it has any of.
-- Grain: one row per (child_credential_id, issuance_id). `is_of_one_issuer`: the grade names (proven, strong), all of
-- that grade have one issuer, and its record proves something; `place` is 1 of the one to follow. What `links` says
-- differs only in who is `contested`.

with ranked as (
    select
        *,
        min(grade_rank) over (partition by child_credential_id) as best
    from candidates
),

heard as (
    select
        *,
        -- whoever was issued the very key, though by its date in another second, speaks against a match by time alone
        best <= 2 and (grade_rank = best or (best = 2 and rule = 'issued_key' and grade = 'medium')) as is_best
    from ranked
),

compared as (
    select
        *,
        min(case when is_best then issuer_key end) over (partition by child_credential_id)
            = max(case when is_best then issuer_key end) over (partition by child_credential_id) as is_only_issuer,
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
    is_best,
    is_best and not is_only_issuer as is_ambiguous,
    is_best and is_only_issuer and not is_unreliable as is_of_one_issuer,
    place
from compared
