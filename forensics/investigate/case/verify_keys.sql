-- The public keys, with the number of digests that each proves.
select
    public_keys.fingerprint,
    min(public_keys.source) as source,
    count(distinct digests.digest_sha256)::bigint as digests,
    public_keys.refused
from public_keys
left join digests on digests.fingerprint = public_keys.fingerprint and digests.status = 'signed'
group by public_keys.fingerprint, public_keys.refused
order by public_keys.fingerprint, source
