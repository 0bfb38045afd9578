-- Loaded records that issue a key, or may issue it, and are not evidence. $key: a key without a credential.
select
    '' as credential_id,
    issuance_id as event_key,
    case when listing in ('unlisted', 'contested') then listing else 'unreliable' end as reason,
    flags
from issuances
where issued_access_key_id = $key

union

select
    '',
    event_key,
    case when is_of_copy then 'conflicting_copy' when is_unreliable then 'unreliable' else 'unread' end,
    flags
from named_keys
where access_key_id = $key
  and may_issue
order by event_key
