"""Investigate: one module a question; reads tables, writes nothing."""
