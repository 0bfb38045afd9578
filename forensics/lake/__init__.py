"""Lake: records as typed events in Parquet, and the manifest that says which files count."""
