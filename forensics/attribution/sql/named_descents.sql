-- named_descents: descents by `named_requests`. The parents are all credentials of the requester that could sign the
-- request.
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

usable as (
    select
        credentials.credential_id,
        credentials.arn,
        credentials.principal_id,
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
    where credentials.identity_type <> 'AWSAccount'
      -- a credential without a loaded call may have requested others where no logs are loaded
      and (
          credentials.first_use is not null
          or (credentials.events = 0 and (credentials.session_creation_date is not null or credentials.is_long_term))
      )
),

requesters as (
    select credential_id, usable_from, session_creation_date, start_day, 'arn|' || arn as requester
    from usable

    union all

    select
        credential_id, usable_from, session_creation_date, start_day, 'id|' || account_id || '|' || principal_id
    from usable
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
