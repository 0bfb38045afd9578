"""Ingest: logs into the lake of a case, by worker processes, all or nothing."""
