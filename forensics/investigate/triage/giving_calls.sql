-- The calls that can give access, by their parameters. Grain: one row per event.
select event_key, request_parameters::varchar
from triage_records
where event_name not in (
        'ConsoleLogin', 'CreateOpenIDConnectProvider', 'CreateSAMLProvider', 'RequestSpotInstances', 'RunInstances'
    )
  and outcome = 'succeeded'
  and request_parameters is not null
