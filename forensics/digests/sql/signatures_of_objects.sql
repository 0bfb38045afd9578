-- The signatures in the metadata of digests that were read from S3.
select distinct digest_sources.digest_sha256, source_files.metadata['signature'] as signature
from source_files
join digest_sources on digest_sources.source_sha256 = source_files.sha256
where source_files.metadata['signature'] is not null
order by 1, 2
