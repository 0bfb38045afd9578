-- judged_links: the candidates of each credential with its strongest grade, judged together.
-- Grain: one row per (child_credential_id, issuance_id). `is_of_one_issuer`: the grade names (proven, strong), all
-- candidates of that grade have one issuer, and its record is reliable; `place` is 1 for the one to follow,
-- unless the credential is `contested`. `distrust`: why digests make the record of an issuance unreliable, or null.
-- Such a record does not make a child ambiguous if a listed record issues the same key.

with ranked as (
    select
        *,
        case when listing in ('unlisted', 'contested') then listing end as distrust,
        max(case when listing = 'listed' and grade_rank = 1 and not is_unreliable then 1 else 0 end)
            over (partition by child_credential_id) as is_settled
    from candidates
),

weighed as (
    select
        *,
        min(case when is_settled = 0 or distrust is null then grade_rank end) over (partition by child_credential_id)
            as best
    from ranked
),

heard as (
    select
        *,
        -- the key's recorded recipient contradicts a time match, even if the seconds differ
        best <= 2
            and (
                grade_rank = best
                or (best = 2 and rule = 'issued_key' and grade = 'medium')
                -- the console may have made that call for a switch, or its response is not logged
                or (best = 2 and is_possible)
                -- a listed record overrides one that no digest covers
                or (is_settled = 0 and grade_rank = 2 and listing = 'listed' and not is_unreliable)
            )
            and (is_settled = 0 or distrust is null) as is_best
    from weighed
),

compared as (
    select
        *,
        min(case when is_best then issuer_key end) over (partition by child_credential_id)
            = max(case when is_best then issuer_key end) over (partition by child_credential_id) as is_only_issuer,
        max(case when is_best and distrust is null then 1 else 0 end) over (partition by child_credential_id)
            as has_trusted,
        row_number() over (
            partition by child_credential_id
            order by
                case when is_settled = 1 and distrust is not null then 2 else 1 end,
                grade_rank,
                -- a sign-in and a token of one person in one second: the sign-in explains keys without an issuance
                case event_name when 'ConsoleLogin' then 1 else 2 end,
                -- the caller's own copy first, before one that has only its ID
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
    is_in_console,
    is_documented_only,
    distrust,
    is_best,
    is_best and not is_only_issuer and has_trusted = 1 as is_ambiguous,
    is_best and is_only_issuer and not is_unreliable as is_of_one_issuer,
    place
from compared
