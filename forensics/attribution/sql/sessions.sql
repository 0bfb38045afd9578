-- sessions: sessions as people count them. Grain: one row per (principal ID, creation date) with one parent.
-- Two callers in one second are two sessions; a console session with twenty keys is one.

select
    credentials.account_id,
    credentials.principal_id,
    credentials.session_creation_date,
    coalesce(links.issuer_key, '') as issuer_key,
    min(credentials.arn) as arn,
    min(credentials.role_session_name) as role_session_name,
    min(credentials.credential_id) as first_credential_id,
    count(*) as credentials,
    sum(credentials.events) as events,
    min(credentials.first_use) as first_use,
    max(credentials.last_use) as last_use
from credentials
left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
where credentials.session_creation_date is not null
group by
    credentials.account_id,
    credentials.principal_id,
    credentials.session_creation_date,
    coalesce(links.issuer_key, '')
