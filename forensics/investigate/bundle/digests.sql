-- Digests with everything needed to check them without this program. $digests: SHA-256 of their content.
select
    digests.digest_sha256,
    digests.s3_object,
    digests.signed_text,
    digests.signature,
    any_value(public_keys.der) as der,
    any_value(documents.content) as content
from digests
join digest_sources on digest_sources.digest_sha256 = digests.digest_sha256
join documents on documents.source_sha256 = digest_sources.source_sha256
left join public_keys on public_keys.fingerprint = digests.fingerprint and public_keys.refused is null
where digests.digest_sha256 in (select unnest($digests))
group by digests.digest_sha256, digests.s3_object, digests.signed_text, digests.signature
order by digests.s3_object, digests.digest_sha256
