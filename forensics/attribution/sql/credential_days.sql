-- credential_days: the events of one day, aggregated by the credential that signed them.
-- Grain: one row per (credential_id, event_date). `credentials` merges every column over the days by min, max or sum,
-- and a user's name and ARN by the last day. An ingest rebuilds only the days that changed
-- (attribution/incremental.py). Values come from reliable events; an unreliable one only counts as a use. A rebuilt
-- record says who signed it, and is not further evidence.

with timed as (
    select *, coalesce(strftime(event_time, '%H:%M:%S'), '00:00:00') as time_of_day
    from changed_events
    where credential_id is not null
)

select
    credential_id,
    event_date,
    -- parts of the credential's ID
    min(account_id) as account_id,
    min(access_key_id) as access_key_id,
    min(principal_id) as principal_id,
    min(session_creation_date) as session_creation_date,
    -- from its events; where they can differ, the first and the last value
    min(case when not unreliable then identity_type end) as any_identity_type,
    min(case when not unreliable and identity_type <> 'AWSAccount' then identity_type end) as identity_type,
    min(
        case
            when not unreliable and coalesce(identity_type, '') <> 'AWSAccount' then coalesce(identity_type, '')
        end
    ) as first_identity_type,
    max(
        case
            when not unreliable and coalesce(identity_type, '') <> 'AWSAccount' then coalesce(identity_type, '')
        end
    ) as last_identity_type,
    -- a user may be renamed on that day: take the name in the last record; the prefix, its time of day, is cut off
    substr(max(case when not unreliable then time_of_day || arn end), 9) as arn,
    substr(max(case when not unreliable then time_of_day || user_name end), 9) as user_name,
    coalesce(
        min(case when not unreliable and identity_type = 'IAMUser' then arn end)
            <> max(case when not unreliable and identity_type = 'IAMUser' then arn end),
        false
    )
    or coalesce(
        min(case when not unreliable then user_name end) <> max(case when not unreliable then user_name end), false
    ) as is_renamed,
    min(case when not unreliable then identity_provider end) as identity_provider,
    -- of a SAML subject that signed the call itself
    min(case when not unreliable and identity_type = 'SAMLUser' then subject_type end) as subject_type,
    min(case when not unreliable then session_issuer_type end) as session_issuer_type,
    min(case when not unreliable then session_issuer_arn end) as first_session_issuer_arn,
    max(case when not unreliable then session_issuer_arn end) as last_session_issuer_arn,
    min(case when not unreliable then session_issuer_principal_id end) as first_session_issuer_principal_id,
    max(case when not unreliable then session_issuer_principal_id end) as last_session_issuer_principal_id,
    min(role_session_name) as role_session_name,
    max(case when not unreliable then mfa_authenticated end) as mfa_authenticated,
    min(case when not unreliable then source_identity end) as first_source_identity,
    max(case when not unreliable then source_identity end) as last_source_identity,
    max(case when not unreliable then assumed_root end) as assumed_root,
    min(
        case when not unreliable and delivery <> 'rebuilt' then on_behalf_of_user_id end
    ) as first_on_behalf_of_user_id,
    max(
        case when not unreliable and delivery <> 'rebuilt' then on_behalf_of_user_id end
    ) as last_on_behalf_of_user_id,
    min(case when not unreliable then identity_store_arn end) as identity_store_arn,
    min(case when not unreliable and delivery <> 'rebuilt' then sign_in_session_arn end) as sign_in_session_arn,
    min(case when not unreliable then delegate_account_id end) as delegate_account_id,
    min(case when not unreliable then credentials_issued_to end) as credentials_issued_to,
    max(case when not unreliable then credentials_issued_to end) as last_credentials_issued_to,
    min(
        case when not unreliable and delivery <> 'rebuilt' and on_behalf_of_user_id is not null then event_key end
    ) as on_behalf_of_event_key,
    max(case when not unreliable then session_credential_from_console end) as from_console,
    min(invoked_by) as invoked_by,
    min(case when not unreliable then event_key end) as named_by_event_key,
    -- the last event of a user: it has the latest name
    substr(max(case when not unreliable and identity_type = 'IAMUser' then time_of_day || event_key end), 9)
        as last_named_by_event_key,
    -- its use
    -- an unlisted record may be forged, so it does not prove a use
    min(case when coalesce(listing, '') not in ('unlisted', 'contested') then event_time end) as first_use,
    max(case when coalesce(listing, '') not in ('unlisted', 'contested') then event_time end) as last_use,
    max(case when error_code is null and not unreliable then event_time end) as last_success,
    -- GetCallerIdentity needs no permission, and works under a policy that denies everything
    max(
        case
            when error_code is null
                and not unreliable
                and not (event_source = 'sts.amazonaws.com' and event_name = 'GetCallerIdentity')
                then event_time
        end
    ) as last_permitted,
    count(*) as events,
    count(*) - count(invoked_by) as direct_events,
    count(case when not unreliable then 1 end) as reliable_events,
    count(case when not unreliable and delivery = 'rebuilt' then 1 end) as rebuilt_events,
    count(case when listing in ('unlisted', 'contested') then 1 end) as distrusted_events
from timed
group by credential_id, event_date
