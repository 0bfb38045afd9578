"""Audit: long-term keys and accounts."""
