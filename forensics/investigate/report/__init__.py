"""Report: the page on an access key."""
