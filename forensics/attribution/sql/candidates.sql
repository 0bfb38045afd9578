-- candidates: child credential -> an issuance that may have issued it.
-- Grain: one row per (child_credential_id, issuance_id), with the strongest rule (docs/attribution.md#rules).
-- A rule that compares times requires equal seconds. A link by the very key, and the first token of a sign-in session,
-- also hold for a use before the issuance, because the clocks of hosts differ; for a key, times that differ lower the
-- grade. Of further tokens, only those before the first use are candidates.

with children as (
    -- credentials of a session; long-term keys have none
    select
        credential_id,
        access_key_id,
        account_id,
        principal_id,
        arn,
        identity_type,
        session_creation_date,
        session_issuer_arn,
        role_session_name,
        sign_in_session_arn,
        assumed_root,
        first_use,
        direct_events,
        is_rebuilt,
        from_console,
        -- a federated user's record names the user that requested the session
        case when identity_type = 'FederatedUser' then session_issuer_principal_id end as user_principal_id
    from credentials
    where identity_type in ('AssumedRole', 'FederatedUser', 'IAMUser', 'Root')
      and identity_types <= 1
      and (session_creation_date is not null or access_key_id like 'ASIA%')
),

issued_key as (
    select
        children.credential_id,
        issuances.issuance_id,
        'issued_key' as rule,
        case
            -- issued to one session and used by another: shown, not evidence
            when issuances.issued_identity_type <> children.identity_type
                or issuances.issued_principal_id <> children.principal_id
                or (issuances.issued_principal_id is null and issuances.target_role_arn <> children.session_issuer_arn)
                then 'weak'
            when children.session_creation_date is null or issuances.event_time is null then 'proven'
            when children.session_creation_date = issuances.event_time then 'proven'
            -- a directory bucket's key belongs to its caller's session
            when issuances.event_name = 'CreateSession'
                and children.session_creation_date = issuances.caller_session_creation_date then 'proven'
            else 'medium'
        end as grade
    from children
    join issuances
      on  issuances.issued_access_key_id = children.access_key_id
      -- exports may leave out an account
      and coalesce(issuances.issued_account_id = children.account_id, true)
      and coalesce(children.user_principal_id = issuances.caller_principal_id, true)
),

session_and_time as (
    select
        children.credential_id,
        issuances.issuance_id,
        case
            when issuances.event_name in ('ConsoleLogin', 'GetSessionToken') then 'user_and_time'
            when issuances.event_name = 'SwitchRole' then 'switch_from'
            else 'session_and_time'
        end as rule,
        -- a service on the user's behalf: the call may also have been signed with a long-term key in that second
        case
            when issuances.event_name = 'GetSessionToken' and children.direct_events = 0
                and children.first_use is not null then 'medium'
            else 'strong'
        end as grade
    from children
    join issuances
      on  issuances.issued_principal_id = children.principal_id
      and issuances.event_time = children.session_creation_date
      and coalesce(issuances.issued_account_id = children.account_id, true)
      and issuances.issued_identity_type = children.identity_type
      and (issuances.event_name = 'AssumeRoot') = children.assumed_root
      -- a directory bucket's key does not start a session
      and issuances.event_source <> 's3express.amazonaws.com'
      and coalesce(children.user_principal_id = issuances.caller_principal_id, true)
    -- an exact key match takes precedence
    where coalesce(issuances.issued_access_key_id <> children.access_key_id, true)
       or issuances.is_documented_only
),

-- the tokens of a sign-in session; the first opened it
tokens as (
    select
        issuance_id,
        event_time,
        issued_sign_in_session_arn as sign_in_session_arn,
        caller_account_id as account_id,
        caller_principal_id as principal_id,
        min(event_time) over (
            partition by issued_sign_in_session_arn, caller_account_id, caller_principal_id
        ) as opened_at
    from issuances
    where issued_sign_in_session_arn is not null
),

-- a client that was signed in to a session acts in that session
sign_in_session as (
    select
        children.credential_id,
        tokens.issuance_id,
        'sign_in_session' as rule,
        'proven' as grade
    from children
    join tokens
      on  tokens.sign_in_session_arn = children.sign_in_session_arn
      and tokens.account_id = children.account_id
      and tokens.principal_id = children.principal_id
    where coalesce(tokens.event_time <= greatest(children.first_use, tokens.opened_at), true)
),

-- downstream requests of an agent's tool call: the record of the tool call names the sign-in session
tool_calls as (
    select
        event_key,
        account_id,
        principal_id,
        sign_in_session_arn,
        unnest(string_split(downstream_request_ids, ' ')) as request_id
    from telling_events
    where downstream_request_ids is not null
      and sign_in_session_arn is not null
      and error_code is null
      and not unreliable
      and not is_rebuilt
),

agent_requests as (
    select events.credential_id, tool_calls.sign_in_session_arn, min(tool_calls.event_key) as tool_event_key
    from tool_calls
    join events
      on  events.request_id = tool_calls.request_id
      and events.account_id = tool_calls.account_id
      and events.principal_id = tool_calls.principal_id
    where not events.unreliable
      and events.delivery <> 'rebuilt'
    group by events.credential_id, tool_calls.sign_in_session_arn
),

request_id as (
    select
        children.credential_id,
        tokens.issuance_id,
        'request_id' as rule,
        'proven' as grade
    from children
    join agent_requests on agent_requests.credential_id = children.credential_id
    join tokens
      on  tokens.sign_in_session_arn = agent_requests.sign_in_session_arn
      and tokens.account_id = children.account_id
      and tokens.principal_id = children.principal_id
    where coalesce(tokens.event_time <= greatest(children.first_use, tokens.opened_at), true)
),

role_name_and_time as (
    select
        children.credential_id,
        issuances.issuance_id,
        'role_name_and_time' as rule,
        -- without a key or this session's ARN, nothing shows what the call issued; a service requests the sessions of a
        -- workload alone, and a session without key and use is known by its request only
        case
            when children.access_key_id is null and children.first_use is null then 'strong'
            when issuances.issued_access_key_id is null
                and coalesce(issuances.issued_arn <> children.arn, true)
                and coalesce(issuances.caller_identity_type, '') <> 'AWSService' then 'medium'
            else 'strong'
        end as grade
    from children
    join issuances
      on  issuances.target_role_arn = children.session_issuer_arn
      and issuances.requested_session_name = children.role_session_name
      and issuances.event_time = children.session_creation_date
    where children.identity_type = 'AssumedRole'
      and issuances.issued_identity_type = 'AssumedRole'
      -- if the role's unique ID is known, a role with the same name is a different role
      and issuances.issued_principal_id is null
      -- an exact key match takes precedence
      and (
          coalesce(
              issuances.issued_access_key_id <> children.access_key_id
              or issuances.issued_account_id <> children.account_id,
              true
          )
          or issuances.is_documented_only
      )
),

joined as (
    select * from issued_key
    union all
    select * from session_and_time
    union all
    select * from sign_in_session
    union all
    select * from request_id
    union all
    select * from role_name_and_time
),

switches as (
    select
        issuance_id,
        event_time,
        issued_principal_id,
        switch_from_arn,
        min(switch_from_arn) over (partition by issued_principal_id, event_time)
            = max(switch_from_arn) over (partition by issued_principal_id, event_time) as is_only_one
    from issuances
    where event_name = 'SwitchRole' and not is_unreliable and not is_rebuilt
),

-- calls that the console may have made for a switch; another account's copy identifies the caller only if nobody else
-- in that account requested the same session in the same second
console_calls as (
    select
        issuance_id,
        event_time,
        issued_principal_id,
        caller_arn,
        caller_account_id,
        is_redacted,
        is_unreliable,
        min(caller_principal_id) over (partition by issued_principal_id, event_time, caller_account_id)
            = max(caller_principal_id) over (partition by issued_principal_id, event_time, caller_account_id)
            as is_only_caller
    from issuances
    where event_name = 'AssumeRole'
),

-- the console's own call for a switch: the switch shows that AWS issued further keys for the session
switched as (
    select console_calls.issuance_id, min(switches.issuance_id) as switch_issuance_id
    from console_calls
    join switches
      on  switches.issued_principal_id = console_calls.issued_principal_id
      and switches.event_time = console_calls.event_time
      and (
          switches.switch_from_arn = console_calls.caller_arn
          or (
              console_calls.is_redacted
              and console_calls.is_only_caller
              and switches.is_only_one
              and regexp_extract(switches.switch_from_arn, '[0-9]{12}', 0) = console_calls.caller_account_id
          )
      )
    where not console_calls.is_unreliable
    group by console_calls.issuance_id
),

judged as (
    select
        joined.credential_id,
        joined.issuance_id,
        joined.rule,
        -- shapes not seen in real logs, and rebuilt records, are at most candidates
        case
            when joined.grade in ('proven', 'strong')
                and (issuances.is_documented_only or issuances.is_rebuilt or children.is_rebuilt)
                then 'medium'
            else joined.grade
        end as grade,
        joined.rule = 'role_name_and_time' and joined.grade = 'medium' as shows_no_key,
        console_sessions.event_key as console_event_key,
        -- an exact key match needs no switch
        case when joined.rule <> 'issued_key' then switched.switch_issuance_id end as switch_issuance_id,
        -- known to have issued a different key, and AWS had no reason to issue a further one
        coalesce(
            joined.rule not in ('issued_key', 'sign_in_session', 'request_id')
            and issuances.issued_access_key_id <> children.access_key_id
            and issuances.mints_keys is null
            and switched.switch_issuance_id is null
            and console_sessions.event_key is null
            -- AWS issues further keys to the console for the session that signed in
            and not (
                children.from_console
                and (
                    issuances.event_name in ('AssumeRoleWithSAML', 'GetFederationToken')
                    -- beside such an issuance, an AssumeRole for the same session may have opened the console, too
                    or issuances.event_name = 'AssumeRole'
                    and max(
                        case when issuances.event_name in ('AssumeRoleWithSAML', 'GetFederationToken') then 1 else 0 end
                    ) over (partition by joined.credential_id) = 1
                )
            )
            and children.direct_events > 0,
            false
        ) as issued_another_key
    from joined
    join children on children.credential_id = joined.credential_id
    join issuances on issuances.issuance_id = joined.issuance_id
    left join switched on switched.issuance_id = joined.issuance_id
    left join console_sessions
      on  console_sessions.account_id = children.account_id
      and console_sessions.principal_id = children.principal_id
      and console_sessions.session_creation_date = children.session_creation_date
      and (console_sessions.is_dated or children.from_console)
),

-- If the console may have made the call for a switch whose event is not loaded, the issuance is a candidate at most.
-- Like a call without its response, it casts doubt on other candidates.
possible as (
    select
        judged.credential_id,
        judged.issuance_id,
        judged.rule,
        case
            when judged.issued_another_key and judged.grade in ('proven', 'strong') then 'medium'
            else judged.grade
        end as grade,
        judged.console_event_key,
        judged.switch_issuance_id,
        judged.issued_another_key or judged.shows_no_key as is_possible
    from judged
    join issuances on issuances.issuance_id = judged.issuance_id
    where not judged.issued_another_key
       or coalesce(issuances.caller_invoked_by = 'AWS Internal', false)
),

graded as (
    select
        *,
        case grade when 'proven' then 1 when 'strong' then 2 when 'medium' then 3 else 4 end as grade_rank
    from possible
),

ranked as (
    select
        *,
        row_number() over (
            partition by credential_id, issuance_id
            order by grade_rank, rule desc
        ) as place
    from graded
)

select
    ranked.credential_id as child_credential_id,
    ranked.issuance_id,
    ranked.rule,
    ranked.grade,
    ranked.grade_rank,
    ranked.switch_issuance_id,
    ranked.is_possible,
    case
        when ranked.rule in ('session_and_time', 'role_name_and_time') then ranked.console_event_key
    end as console_event_key,
    case when ranked.rule = 'request_id' then agent_requests.tool_event_key end as tool_event_key,
    -- AWS issued it to the console or to a client that was signed in, whatever was logged as issued
    children.from_console
        or ranked.switch_issuance_id is not null
        or (ranked.rule in ('session_and_time', 'role_name_and_time') and ranked.console_event_key is not null)
        or issuances.event_name in ('SwitchRole', 'CreateOAuth2Token') as is_in_console,
    issuances.is_documented_only,
    issuances.event_name,
    issuances.is_unreliable,
    issuances.listing,
    -- the parent of a signed call is the signing credential; sign-in, services and identities outside AWS have none
    case
        when issuances.event_name in ('ConsoleLogin', 'SwitchRole') or issuances.is_redacted or issuances.is_unreliable
            then null
        when issuances.caller_identity_type in ('IAMUser', 'Root', 'AssumedRole', 'FederatedUser')
            then issuances.caller_credential_id
    end as parent_credential_id,
    -- the requester: one person or one role session, with any of its keys
    case
        when issuances.is_unreliable then 'unreliable|' || issuances.issuance_id
        when issuances.event_name = 'SwitchRole' then 'arn|' || coalesce(issuances.switch_from_arn, '')
        -- two masked subjects may be two people
        when issuances.caller_identity_type in ('SAMLUser', 'WebIdentityUser') and issuances.subject is null
            then 'issuance|' || issuances.issuance_id
        when issuances.caller_identity_type in ('SAMLUser', 'WebIdentityUser')
            then length(coalesce(issuances.issuer, '')) || '|' || coalesce(issuances.issuer, '') || '|'
                || issuances.subject
        when issuances.caller_principal_id is null
            then 'credential|' || coalesce(issuances.caller_credential_id, issuances.issuance_id)
        when issuances.caller_identity_type in ('IAMUser', 'Root') or issuances.is_redacted
            then coalesce(issuances.caller_account_id, '') || '|' || issuances.caller_principal_id
        else coalesce(issuances.caller_account_id, '') || '|' || issuances.caller_principal_id || '|'
            || coalesce(strftime(issuances.caller_session_creation_date, '%Y-%m-%d %H:%M:%S'), '')
    end as issuer_key
from ranked
join children on children.credential_id = ranked.credential_id
join issuances on issuances.issuance_id = ranked.issuance_id
left join agent_requests
  on  agent_requests.credential_id = ranked.credential_id
  and agent_requests.sign_in_session_arn = issuances.issued_sign_in_session_arn
left join ranked same_switch
  on  same_switch.credential_id = ranked.credential_id
  and same_switch.switch_issuance_id = ranked.issuance_id
  and same_switch.place = 1
where ranked.place = 1
  -- a known AssumeRole replaces the switch that it belongs to
  and same_switch.credential_id is null
  and coalesce(issuances.caller_credential_id <> ranked.credential_id or issuances.event_name = 'SwitchRole', true)
