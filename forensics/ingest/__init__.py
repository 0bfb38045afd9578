"""Ingest: adds logs to the lake of a case in worker processes, all or nothing."""
