"""Formats: what a byte stream is, and the records in it."""
