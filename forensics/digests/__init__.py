"""Digests: verifies source files and delivery windows by CloudTrail's digest files."""
