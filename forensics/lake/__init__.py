"""Lake: stores records as typed events in Parquet, with a manifest that lists the valid files."""
