"""Report: the report on an access key."""
