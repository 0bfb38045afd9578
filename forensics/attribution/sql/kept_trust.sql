-- kept_trust: the principals of a planted trust policy that a later policy of the role still trusts. The rows of the
-- planted policy itself list the principals in accounts that the previous policy did not trust, if that one is loaded.
-- Grain: one row per (planting_id, event_key, principal). `event_key` is the event that set the policy. `principal` is
-- null if the later policy trusts none of the principals, or if one of the two policies cannot be read. `keeps` is
-- nothing, possibly or certainly. Principals of an earlier policy are left out. So is the role's own account: trust in
-- it does not give access without an IAM policy.

with documents as (
    select
        event_key,
        event_time,
        event_name,
        recipient_account_id as account_id,
        lower(target_role_name) as role_name,
        case when not unreliable then trusted_principals end as trusted_principals,
        coalesce(trust_is_conditional, true) as is_conditional
    from telling_events
    where event_source = 'iam.amazonaws.com'
      and event_name in ('CreateRole', 'UpdateAssumeRolePolicy')
      and target_role_name is not null
      and error_code is null
),

ordered as (
    select
        *,
        row_number() over (partition by account_id, role_name order by event_time, event_key) as place,
        lag(event_key) over (partition by account_id, role_name order by event_time, event_key) as prior_key,
        lag(event_time) over (partition by account_id, role_name order by event_time, event_key) as prior_time,
        lag(trusted_principals) over (partition by account_id, role_name order by event_time, event_key)
            as prior_principals,
        lag(is_conditional) over (partition by account_id, role_name order by event_time, event_key)
            as is_prior_conditional
    from documents
),

planted as (
    select
        plantings.planting_id,
        ordered.event_key,
        ordered.event_time,
        ordered.account_id,
        ordered.role_name,
        ordered.place,
        ordered.trusted_principals,
        case
            when ordered.event_name = 'UpdateAssumeRolePolicy'
                and ordered.prior_time < ordered.event_time
                and ordered.prior_principals is not null
                and not ordered.is_prior_conditional
                then ordered.prior_key
        end as prior_key,
        ordered.event_name = 'CreateRole' as is_created
    from plantings
    join ordered on ordered.event_key = plantings.event_key
    where plantings.kind = 'role'
),

named as (
    select event_key, account_id, unnest(string_split(trusted_principals, ' ')) as principal
    from documents
    where trusted_principals <> ''
),

principals as (
    select
        event_key,
        principal,
        principal = account_id as is_own_account,
        nullif(regexp_extract(principal, '^(arn:[^:]*:[^:]*::)?([0-9]{12})(:.*)?$', 2), '') as principal_account,
        -- a principal that was deleted is shown by its unique ID
        regexp_extract(principal, '^a[a-z]{3}[a-z0-9]{12,}$', 0) <> '' as is_unique_id
    from named
),

added as (
    select
        planted.planting_id,
        principals.*,
        planted.is_created or planted.prior_key is not null as is_new,
        planted.prior_key
    from planted
    join principals on principals.event_key = planted.event_key
    left join principals prior on prior.event_key = planted.prior_key and prior.principal = principals.principal
    where prior.principal is null
      and not principals.is_own_account
),

-- a policy that adds nobody may have dropped a condition
suspects as (
    select planting_id, event_key, principal, is_own_account, principal_account, is_unique_id, is_new from added

    union all

    select
        planted.planting_id,
        principals.event_key,
        principals.principal,
        principals.is_own_account,
        principals.principal_account,
        principals.is_unique_id,
        false as is_new
    from planted
    join principals on principals.event_key = planted.event_key
    left join (select distinct planting_id from added) as opened on opened.planting_id = planted.planting_id
    where opened.planting_id is null
),

-- Callers can set any number of policies, and each would be compared with all later ones: the hundredth later policy
-- counts as unreadable, and those after it are left out.
later as (
    select
        planted.planting_id,
        documents.event_key,
        documents.event_time,
        documents.is_conditional,
        planted.trusted_principals is null
            or documents.trusted_principals is null
            or documents.place >= planted.place + 100 as is_unreadable,
        coalesce(documents.event_time = planted.event_time, true) as is_order_unknown
    from planted
    join ordered documents
      on  documents.account_id = planted.account_id
      and documents.role_name = planted.role_name
      and documents.place <= planted.place + 100
      and documents.event_key <> planted.event_key
      and coalesce(documents.event_time >= planted.event_time, true)
),

compared as (
    select
        later.planting_id,
        later.event_key,
        suspects.principal,
        suspects.principal_account,
        suspects.is_new,
        principals.principal = suspects.principal
            or principals.principal = '*'
            or coalesce(principals.principal = suspects.principal_account, false) as is_covered,
        suspects.principal = '*'
            or coalesce(suspects.principal = principals.principal_account, false)
            or suspects.is_unique_id
            or principals.is_unique_id as is_related
    from later
    join suspects on suspects.planting_id = later.planting_id
    join principals
      on  principals.event_key = later.event_key
      and (not principals.is_own_account or principals.principal = suspects.principal)
),

kept as (
    select
        planting_id,
        event_key,
        principal,
        min(principal_account) as principal_account,
        max(is_new) as is_new,
        max(is_covered) as is_covered
    from compared
    where is_covered or is_related
    group by planting_id, event_key, principal
),

counted as (
    select planting_id, count(*) as principals
    from suspects
    group by planting_id
),

opened as (
    select added.planting_id, added.event_key, added.principal, added.principal_account
    from added
    left join principals trusted
      on  trusted.event_key = added.prior_key
      and (trusted.principal_account = added.principal_account or trusted.principal = '*')
    where added.prior_key is not null
      and trusted.event_key is null
      and (added.principal_account is not null or added.principal = '*')
),

-- later policies that trust every principal that the planted policy added
whole as (
    select kept.planting_id, kept.event_key
    from kept
    join counted on counted.planting_id = kept.planting_id
    where kept.is_covered
    group by kept.planting_id, kept.event_key
    having count(*) = max(counted.principals)
)

select
    later.planting_id,
    later.event_key,
    later.event_time,
    kept.principal,
    kept.principal_account,
    case
        when later.is_unreadable then 'possibly'
        when kept.principal is null then case when later.is_order_unknown then 'possibly' else 'nothing' end
        when kept.is_covered
            and (kept.is_new or whole.event_key is not null)
            and not later.is_conditional
            and not later.is_order_unknown
            then 'certainly'
        else 'possibly'
    end as keeps
from later
left join kept on kept.planting_id = later.planting_id and kept.event_key = later.event_key
left join whole on whole.planting_id = later.planting_id and whole.event_key = later.event_key

union all

select opened.planting_id, opened.event_key, planted.event_time, opened.principal, opened.principal_account, 'certainly'
from opened
join planted on planted.planting_id = opened.planting_id
