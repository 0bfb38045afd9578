"""IAM names: comparing the names of users and roles as IAM does. The models use `lower` for it (attribution/sql)."""

from __future__ import annotations


def folded(name: str | None) -> str | None:
    """Return a name in lower case: IAM does not distinguish names by case (IAM API Reference, CreateUser)."""
    return name.lower() if name else None
