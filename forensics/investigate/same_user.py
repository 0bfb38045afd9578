"""Same user: when two records of one account are about the same IAM user. `same_user.sql` is the same rule in SQL."""

from __future__ import annotations

from forensics.investigate.iam_names import folded


def is_same_user(user_id: str | None, name: str | None, other_id: str | None, other_name: str | None) -> bool:
    """Compare two users by principal ID (AIDA...) if both are known, because names are reused; otherwise by name."""
    if user_id and other_id:
        return user_id == other_id
    return name is not None and folded(name) == folded(other_name)
