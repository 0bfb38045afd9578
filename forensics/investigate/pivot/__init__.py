"""Pivot: one page on an address, a user, a role or a resource: who, when, from where, with which keys, and what."""
