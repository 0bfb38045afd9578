-- telling_events: the events that single-event models read: they issue a credential, sign in, are logged in two
-- accounts, change a user, role, key or trail, or are calls of a service on a user's behalf. Other events only show a
-- use of their credential. Grain: one row per event. The lake is read once for this table.

select
    event_key,
    event_id,
    event_time,
    event_source,
    event_name,
    aws_region,
    recipient_account_id,
    error_code,
    request_id,
    shared_event_id,
    unreliable,
    listing,
    delivery = 'rebuilt' as is_rebuilt,
    flags,
    -- the caller
    credential_id,
    identity_type,
    account_id,
    principal_id,
    arn,
    user_name,
    access_key_id,
    session_creation_date,
    source_identity,
    invoked_by,
    sign_in_session_arn,
    on_behalf_of_user_id,
    identity_store_arn,
    -- what was issued
    issued_access_key_id,
    issued_principal_id,
    issued_arn,
    issued_account_id,
    expires_at,
    target_role_arn,
    requested_session_name,
    requested_source_identity,
    switch_from_arn,
    sign_in_result,
    subject,
    subject_type,
    issuer,
    workload_name,
    permission_set,
    issued_sign_in_session_arn,
    client_id,
    session_tags,
    principal_tags,
    transitive_tag_keys,
    incoming_transitive_tags,
    session_policy,
    session_policy_arns,
    omitted_fields,
    downstream_request_ids,
    -- what was changed
    created_access_key_id,
    created_key_service,
    created_key_expires_at,
    target_access_key_id,
    target_status,
    target_user_name,
    new_user_name,
    target_role_name,
    target_principal_id,
    target_policy,
    revoked_before,
    requires_source_identity,
    requires_session_name,
    trusted_principals,
    trust_is_conditional,
    target_trail,
    narrows_trail,
    trail_leaves_out,
    launched,
    named_access_key_ids,
    conflicting_access_key_ids
from events
where coalesce(
        issued_access_key_id, issued_principal_id, issued_sign_in_session_arn, shared_event_id,
        created_access_key_id, target_principal_id, launched, downstream_request_ids, named_access_key_ids,
        conflicting_access_key_ids
    ) is not null
   or (identity_type = 'IAMUser' and invoked_by is not null)
   or (
       event_source = 'sts.amazonaws.com'
       and error_code is null
       and target_role_arn is not null
       and requested_session_name is not null
   )
   or (
       event_source = 'sso.amazonaws.com'
       and event_name in ('GetRoleCredentials', 'Federate')
       and on_behalf_of_user_id is not null
   )
   or (
       event_source in ('iam.amazonaws.com', 'cloudtrail.amazonaws.com', 'signin.amazonaws.com')
       and event_name not like 'Get%'
       and event_name not like 'List%'
   )
