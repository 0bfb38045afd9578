-- requested_descents: descents by issuance: below the requester, or below each possible requester.
-- Grain: one row per (parent_id, child_id, event_key).

-- sessions for which a switch of role is logged
with switched as (
    select distinct links.child_credential_id
    from links
    join issuances on issuances.issuance_id = links.issuance_id
    where issuances.event_name = 'SwitchRole'
)

select
    links.parent_credential_id as parent_id,
    links.child_credential_id as child_id,
    case
        when issuances.event_name = 'GetFederationToken' then 'federation_token'
        when issuances.event_name = 'AssumeRoot' then 'assumed_root'
        when issuances.event_name = 'GetSessionToken' then 'session_token'
        when issuances.event_source = 's3express.amazonaws.com' then 'session_token'
        when issuances.event_name in ('ConsoleLogin', 'CreateOAuth2Token') then 'console_session'
        when issuances.mints_keys = 'switch_role' or links.switch_issuance_id is not null then 'switched_role'
        -- the key of the console's own call for the switch
        when issuances.caller_invoked_by = 'AWS Internal' and switched.child_credential_id is not null
            then 'switched_role'
        else 'assumed_role'
    end as relation,
    links.is_of_chosen_issuer as is_certain,
    links.issuance_id as event_key
from links
join issuances on issuances.issuance_id = links.issuance_id
left join explained on explained.child_credential_id = links.child_credential_id
left join switched on switched.child_credential_id = links.child_credential_id
where links.parent_credential_id is not null
  and (links.is_of_chosen_issuer or explained.child_credential_id is null)
