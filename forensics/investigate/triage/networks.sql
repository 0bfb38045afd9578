-- Create the table of the networks of source addresses: neighboring addresses are one network, a /24 of IPv4 or a /48
-- of IPv6. Of several addresses, the first counts. Grain: one row per text of addresses.
create temporary table triage_networks as
with logged as (
    select distinct source_addresses, split_part(source_addresses, ',', 1) as address
    from events
    where source_addresses is not null
)

select
    source_addresses,
    address,
    case
        when address like '%.%' then regexp_extract(address, '^(\d+\.\d+\.\d+)\.', 1)
        when address like '%:%' then regexp_extract(address, '^([0-9a-f]*:[0-9a-f]*:[0-9a-f]*)', 1)
    end as network,
    not regexp_matches(
        address,
        '^(10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)'
    ) as is_public
from logged
