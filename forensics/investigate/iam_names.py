"""IAM names: how IAM compares the names of users and roles. The models do the same by `lower` (attribution/sql)."""

from __future__ import annotations


def folded(name: str | None) -> str | None:
    """Return a name in lower case: IAM does not distinguish names by case (IAM API Reference, CreateUser)."""
    return name.lower() if name else None
