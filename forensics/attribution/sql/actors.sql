-- actors: who is behind each credential. Grain: one row per credential.
-- The actor is that of the nearest named ancestor, starting with the credential itself; the grade is the weakest on the
-- way. `origin_access_key_id` is the long-term key at the end of the walk, with the weakest grade of the whole walk.
-- Root, services and anonymous callers have no name of their own: their `display_name` shows what they are. Actors
-- of one kind with one `qualified_actor_id` are one actor, except for workloads of two accounts.

with named_ancestors as (
    select walk.credential_id, walk.ancestor_credential_id, walk.depth, walk.grade_rank
    from walk
    join names on names.credential_id = walk.ancestor_credential_id
    left join names own_names on own_names.credential_id = walk.credential_id
    where own_names.credential_id is null
),

nearest as (
    select credential_id, min(depth) as depth
    from named_ancestors
    group by credential_id
),

-- the walk starts with the credential itself
named_steps as (
    select credential_id, credential_id as named_credential_id, grade_rank
    from names

    union all

    select
        named_ancestors.credential_id,
        named_ancestors.ancestor_credential_id,
        greatest(named_ancestors.grade_rank, names.grade_rank)
    from named_ancestors
    join nearest
      on  nearest.credential_id = named_ancestors.credential_id
      and nearest.depth = named_ancestors.depth
    join names on names.credential_id = named_ancestors.ancestor_credential_id
),

-- the name in the record of the request: a user may be renamed later
request_steps as (
    select credential_id, ancestor_credential_id as requested_credential_id, depth
    from walk

    union all

    select credential_id, credential_id, 0
    from nearest
),

requesters as (
    select
        nearest.credential_id,
        issuances.caller_principal_id as actor_id,
        issuances.caller_user_name as actor_name,
        issuances.caller_arn as actor_arn
    from nearest
    join request_steps
      on  request_steps.credential_id = nearest.credential_id
      and request_steps.depth = nearest.depth - 1
    join links
      on  links.child_credential_id = request_steps.requested_credential_id
      and links.is_chosen
    join issuances on issuances.issuance_id = links.issuance_id
    where issuances.caller_identity_type = 'IAMUser'
),

farthest as (
    select credential_id, max(depth) as depth
    from walk
    group by credential_id
),

last_steps as (
    select walk.credential_id, walk.ancestor_credential_id as last_credential_id, walk.depth, walk.grade_rank
    from walk
    join farthest
      on  farthest.credential_id = walk.credential_id
      and farthest.depth = walk.depth

    union all

    select credentials.credential_id, credentials.credential_id, 0, 1
    from credentials
    left join farthest on farthest.credential_id = credentials.credential_id
    where farthest.credential_id is null
),

-- cycles, and the credentials that lead into them
on_a_loop as (
    select distinct credential_id
    from walk
    where credential_id = ancestor_credential_id
),

loops as (
    select credential_id
    from on_a_loop

    union

    select walk.credential_id
    from walk
    join on_a_loop on on_a_loop.credential_id = walk.ancestor_credential_id
),

-- the walk ended at its limit: further ancestors are known
cut_off as (
    select distinct child_credential_id as credential_id
    from links
    where is_chosen and parent_credential_id is not null
),

ambiguous as (
    select child_credential_id as credential_id
    from links
    where is_ambiguous
    group by child_credential_id
),

-- if one person requested with several keys at once, the key at the origin is unknown
several_parents as (
    select child_credential_id as credential_id
    from links
    where is_of_chosen_issuer
    group by child_credential_id
    -- a call that is known only by another account's copy has a key, too
    having count(distinct coalesce(parent_credential_id, issuance_id)) > 1
),

open_origins as (
    select credential_id
    from several_parents

    union

    select walk.credential_id
    from walk
    join several_parents on several_parents.credential_id = walk.ancestor_credential_id
),

-- credentials with a loaded issuance that is not evidence, or without any own record that is
distrusted as (
    select credential_id
    from not_trusted

    union

    select credential_id
    from credentials
    where events > 0 and reliable_events = 0
),

-- the first loaded event of each account
loaded as (
    select recipient_account_id as account_id, min(first_event_time) as first_event_time
    from coverage
    group by recipient_account_id
),

-- a console session has many keys; only some events show that it is one
signed_in as (
    select account_id, principal_id, session_creation_date
    from credentials
    where from_console and session_creation_date is not null

    union

    select account_id, principal_id, session_creation_date
    from console_sessions
),

-- the last sign-in of an Identity Center user before the session began
person_labels as (
    select names.credential_id, max(identity_center_names.signed_in_at) as signed_in_at
    from names
    join credentials on credentials.credential_id = names.credential_id
    join identity_center_names
      on  identity_center_names.user_id = names.actor_id
      and identity_center_names.identity_store_arn = names.identity_store_arn
      -- a sign-in itself has no session
      and identity_center_names.signed_in_at <= coalesce(credentials.session_creation_date, credentials.last_use)
    where names.actor_kind = 'identity_center_user'
    group by names.credential_id
),

-- credentials of sign-ins: other records without a key, such as one with a masked key, are not sign-ins
sign_ins as (
    select distinct credential_id
    from telling_events
    where event_source = 'signin.amazonaws.com'
),

-- the origin of a user's credential: a sign-in or a long-term key
user_origins as (
    select
        credentials.credential_id,
        case
            when credentials.is_long_term then 'long_term_key'
            when issuances.event_name in ('ConsoleLogin', 'CreateOAuth2Token') then 'console_sign_in'
            when issuances.event_name is not null or credentials.identity_type = 'FederatedUser' then 'long_term_key'
            when credentials.from_console or signed_in.principal_id is not null then 'console_sign_in'
            when sign_ins.credential_id is not null then 'console_sign_in'
            else 'long_term_key'
        end as stop_reason
    from credentials
    left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
    left join issuances on issuances.issuance_id = links.issuance_id
    left join sign_ins on sign_ins.credential_id = credentials.credential_id
    left join signed_in
      on  signed_in.account_id = credentials.account_id
      and signed_in.principal_id = credentials.principal_id
      and signed_in.session_creation_date = credentials.session_creation_date
    where credentials.identity_type in ('IAMUser', 'FederatedUser')
),

attributed as (
    select
        credentials.credential_id,
        coalesce(names.actor_kind, 'unknown') as actor_kind,
        names.actor_id,
        -- the name in the record that proves it; an exported name is used only if no event has a name
        coalesce(
            requesters.actor_name,
            names.actor_name,
            identity_center_names.user_name,
            principals.name,
            case
                when exported.kind = 'role'
                    then concat(exported.name, '/', regexp_extract(names.actor_id, '[^:]*$', 0))
                else exported.name
            end
        ) as actor_name,
        coalesce(
            requesters.actor_arn,
            names.actor_arn,
            principals.arn,
            case when exported.kind = 'iam_user' then exported.arn end
        ) as actor_arn,
        names.actor_account_id,
        names.workload_type,
        names.provider,
        names.issuer,
        names.identity_store_arn,
        case
            when names.credential_id is null then 'none'
            when named_steps.grade_rank = 1 then 'proven'
            when named_steps.grade_rank = 2 then 'strong'
            else 'medium'
        end as grade,
        case
            when names.actor_kind = 'iam_user' and names.is_by_record then user_origins.stop_reason
            when names.credential_id is not null then names.stop_reason
            when loops.credential_id is not null then 'cycle'
            when ambiguous.credential_id is not null then 'ambiguous'
            when cut_off.credential_id is not null then 'out_of_reach'
            when distrusted.credential_id is not null then 'not_trusted'
            when last_credentials.principal_id like '%:aws:ec2-%' then 'never_logged'
            -- AssumeRoot is logged in another account
            when last_credentials.session_creation_date < loaded.first_event_time and not last_credentials.assumed_root
                then 'before_coverage'
            else 'outside_coverage'
        end as stop_reason,
        ambiguous.credential_id is not null and names.credential_id is null as is_ambiguous,
        coalesce(named_steps.named_credential_id, last_steps.last_credential_id) as named_credential_id,
        last_steps.last_credential_id,
        last_steps.depth as hops,
        case
            when last_credentials.is_long_term and last_credentials.identity_type in ('IAMUser', 'Root')
                and open_origins.credential_id is null
                then last_credentials.access_key_id
        end as origin_access_key_id,
        case
            when last_credentials.is_long_term and last_credentials.identity_type in ('IAMUser', 'Root')
                and open_origins.credential_id is null
                then case
                    when last_credentials.is_rebuilt then 'medium'
                    when last_steps.grade_rank = 1 then 'proven'
                    else 'strong'
                end
        end as origin_grade
    from credentials
    join last_steps on last_steps.credential_id = credentials.credential_id
    join credentials last_credentials on last_credentials.credential_id = last_steps.last_credential_id
    left join named_steps on named_steps.credential_id = credentials.credential_id
    left join names on names.credential_id = named_steps.named_credential_id
    left join requesters
      on  requesters.credential_id = credentials.credential_id
      and requesters.actor_id = names.actor_id
    left join user_origins on user_origins.credential_id = names.credential_id
    left join principals on principals.principal_id = names.actor_id and principals.account_id = names.actor_account_id
    left join person_labels on person_labels.credential_id = names.credential_id
    left join identity_center_names
      on  identity_center_names.user_id = names.actor_id
      and identity_center_names.identity_store_arn = names.identity_store_arn
      and identity_center_names.signed_in_at = person_labels.signed_in_at
    left join exported_principals exported
      on  exported.id = regexp_extract(names.actor_id, '^[^:]*', 0)
      and (
          exported.account_id = names.actor_account_id
          or exported.store_id = regexp_extract(names.identity_store_arn, '[^/]+$', 0)
      )
    left join loops on loops.credential_id = credentials.credential_id
    left join ambiguous on ambiguous.credential_id = last_steps.last_credential_id
    left join cut_off on cut_off.credential_id = last_steps.last_credential_id
    left join distrusted on distrusted.credential_id = last_steps.last_credential_id
    left join loaded on loaded.account_id = last_credentials.account_id
    left join open_origins on open_origins.credential_id = credentials.credential_id
)

select
    attributed.*,
    case attributed.actor_kind
        when 'root' then 'root of ' || attributed.actor_account_id
        when 'aws_service' then attributed.actor_id
        when 'anonymous' then 'anonymous'
        else attributed.actor_name
    end as display_name,
    -- identity providers assign these IDs, so two people of two providers can have one
    case
        when attributed.actor_kind in ('saml_user', 'web_identity_user', 'identity_center_user', 'named_user')
            then coalesce(
                attributed.issuer, attributed.provider, attributed.identity_store_arn, attributed.actor_kind
            ) || ':' || attributed.actor_id
        else attributed.actor_id
    end as qualified_actor_id
from attributed
