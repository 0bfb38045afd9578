"""Pivot: one page on an address, a user, a role or a resource."""
