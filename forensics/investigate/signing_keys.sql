-- The public keys that prove digests, with the file of each.
select digests.proven_by as fingerprint, min(public_keys.source) as source
from digests
join public_keys on public_keys.fingerprint = digests.proven_by
where digests.is_proven and public_keys.refused is null
group by digests.proven_by
order by 1
