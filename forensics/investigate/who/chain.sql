-- The chain of each credential, itself first, with the link from each hop to the next. $ids: credential IDs.
with steps as materialized (
    select unnest($ids) as credential_id, unnest($ids) as ancestor_credential_id, 0 as depth

    union all

    select credential_id, ancestor_credential_id, depth
    from walk
    where credential_id in (select unnest($ids))
),

-- filter each large table before joining
hops as materialized (
    select
        credential_id,
        access_key_id,
        principal_id,
        arn,
        account_id,
        session_creation_date,
        role_session_name,
        session_issuer_arn,
        assumed_root,
        subject_type,
        first_use,
        direct_events,
        invoked_by
    from credentials
    where credential_id in (select ancestor_credential_id from steps)
),

asked_for as materialized (
    select
        child_credential_id, rule, grade, issuance_id, switch_issuance_id, tool_event_key, is_in_console, is_chosen
    from links
    where child_credential_id in (select ancestor_credential_id from steps)
),

chosen as materialized (
    select * from asked_for where is_chosen
),

requests as materialized (
    select
        issuance_id,
        client_id,
        expires_at,
        requested_source_identity,
        caller_source_identity,
        session_tags,
        principal_tags,
        transitive_tag_keys,
        incoming_transitive_tags,
        session_policy,
        session_policy_arns,
        omitted_fields,
        event_id,
        caller_account_id,
        caller_principal_id,
        is_redacted,
        subject_type,
        event_time
    from issuances
    where issuance_id in (select issuance_id from chosen)
),

-- the first issuance of the very key, also if it proves nothing, or the first token of the very sign-in session
first_issuances as materialized (
    select asked_for.child_credential_id, min(issuances.event_time) as event_time
    from asked_for
    join issuances on issuances.issuance_id = asked_for.issuance_id
    where asked_for.rule in ('issued_key', 'sign_in_session', 'request_id')
    group by asked_for.child_credential_id
)

select
    steps.credential_id,
    hop.credential_id as hop_credential_id,
    hop.access_key_id,
    hop.principal_id,
    hop.arn,
    hop.account_id,
    hop.session_creation_date::timestamp as issued_at,
    hop.role_session_name,
    hop.session_issuer_arn,
    hop.assumed_root,
    coalesce(hop.subject_type, issuances.subject_type) as subject_type,
    hop.first_use::timestamp as first_use,
    case when hop.direct_events = 0 then hop.invoked_by end as via,
    links.rule,
    links.grade,
    links.issuance_id,
    links.switch_issuance_id,
    links.tool_event_key,
    issuances.client_id,
    case when not links.is_in_console then issuances.expires_at::timestamp end as expires_at,
    issuances.requested_source_identity,
    issuances.caller_source_identity,
    issuances.session_tags,
    issuances.principal_tags,
    issuances.transitive_tag_keys,
    issuances.incoming_transitive_tags,
    issuances.session_policy,
    issuances.session_policy_arns,
    issuances.omitted_fields,
    issuances.event_id as issuance_event_id,
    issuances.caller_account_id,
    issuances.caller_principal_id,
    issuances.is_redacted,
    issuances.event_time::timestamp as issuance_time,
    coalesce(hop.first_use < first_issuances.event_time, false) as is_used_before_issue,
    on_behalf_of.event_key as on_behalf_of_event_key
from steps
join hops as hop on hop.credential_id = steps.ancestor_credential_id
left join chosen as links on links.child_credential_id = hop.credential_id
left join requests as issuances on issuances.issuance_id = links.issuance_id
left join first_issuances on first_issuances.child_credential_id = hop.credential_id
left join on_behalf_of on on_behalf_of.credential_id = hop.credential_id
order by steps.credential_id, steps.depth
