-- named_descents: descents by `named_requests`. The parents are all credentials of the requester that could sign the
-- request; if none is known, what the record has of the requester.
-- Grain: one row per (parent_id, child_id, event_key).

-- the possible days on which the requester's session started: sessions last up to 36 hours. Long-term keys have none
with request_days as (
    select *, cast(event_time as date) as start_day from named_requests
    union all
    select *, cast(event_time - interval 24 hour as date) from named_requests
    union all
    select *, cast(event_time - interval 48 hour as date) from named_requests
    union all
    select *, null from named_requests
),

planted_keys as (
    select access_key_id, account_id, min(user_principal_id) as user_principal_id
    from plantings
    where kind = 'access_key'
    group by access_key_id, account_id
    having min(user_principal_id) = max(user_principal_id)
),

usable as (
    select
        credentials.credential_id,
        credentials.arn,
        -- a key that signed no loaded call has the user of its creation
        coalesce(credentials.principal_id, planted_keys.user_principal_id) as principal_id,
        credentials.account_id,
        -- the first loaded call may be later than the request
        case
            when credentials.is_long_term then access_keys.created_at
            else coalesce(credentials.session_creation_date, credentials.first_use - interval 36 hour)
        end as usable_from,
        credentials.session_creation_date,
        cast(credentials.session_creation_date as date) as start_day
    from credentials
    left join access_keys
      on  access_keys.access_key_id = credentials.access_key_id
      and access_keys.account_id = credentials.account_id
    left join planted_keys
      on  planted_keys.access_key_id = credentials.access_key_id
      and planted_keys.account_id = credentials.account_id
    where credentials.identity_type <> 'AWSAccount'
      -- a credential without a loaded call may have requested others where no logs are loaded
      and (
          credentials.first_use is not null
          or (credentials.events = 0 and (credentials.session_creation_date is not null or credentials.is_long_term))
      )
),

of_credentials as (
    select credential_id, usable_from, session_creation_date, start_day, 'arn|' || arn as requester
    from usable

    union all

    select
        credential_id, usable_from, session_creation_date, start_day, 'id|' || account_id || '|' || principal_id
    from usable
),

-- principals that only copies of other accounts name
of_principals as (
    select
        credentials.credential_id,
        cast(null as timestamptz) as usable_from,
        cast(null as timestamptz) as session_creation_date,
        cast(null as date) as start_day,
        'id|' || credentials.account_id || '|' || credentials.principal_id as requester
    from credentials
    left join usable
      on  usable.account_id = credentials.account_id
      and usable.principal_id = credentials.principal_id
    where credentials.identity_type = 'AWSAccount'
      and usable.credential_id is null
),

requesters as (
    select credential_id, usable_from, session_creation_date, start_day, requester
    from of_credentials

    union all

    select credential_id, usable_from, session_creation_date, start_day, requester
    from of_principals
)

select
    requesters.credential_id as parent_id,
    request_days.child_id,
    request_days.relation,
    false as is_certain,
    request_days.event_key
from request_days
join requesters
  on  requesters.requester = request_days.requester
  and coalesce(requesters.start_day, date '0001-01-01') = coalesce(request_days.start_day, date '0001-01-01')
where coalesce(requesters.usable_from <= request_days.event_time, true)
  and coalesce(requesters.session_creation_date >= request_days.event_time - interval 36 hour, true)
