"""Sources: fetches files from folders, S3 and the APIs of AWS."""
