"""Formats: detects the format of a stream of bytes and reads its records."""
