"""Files: opens, writes and removes files that others may have prepared. It follows no link, and files are private."""
