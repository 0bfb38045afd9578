-- The number of records in the case whose identity is missing or could not be read.
select coalesce(sum(identity_unread), 0)::bigint as records
from source_files
