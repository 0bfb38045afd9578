"""Benchmarks: every result is a ratio to a baseline from the same run."""
