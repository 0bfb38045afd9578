-- Create a macro for the facts about a call that pages on calls share: its resource, an object counted as its bucket;
-- the object; and whether it may be part of a discovery.
create or replace temporary macro call_facts(resource, event_name, event_category) as {
    resource: case when resource like 'arn:%:s3:::%/%' then split_part(resource, '/', 1) else resource end,
    object: case when resource like 'arn:%:s3:::%/%' then resource end,
    may_be_discovery: coalesce(event_category, 'Management') <> 'Data'
        and regexp_matches(event_name, '^(Describe|Get|List|Lookup|Search)')
        and event_name not in (
            'GetFederationToken', 'GetParameter', 'GetParameters', 'GetParametersByPath', 'GetSecretValue',
            'GetSessionToken'
        )
}
