"""User names: the names of IAM users after logged renames (UpdateUser). A name can belong to one user after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from forensics.investigate.tree.tree_rows import RevocationRow


class UserNames:
    """The logged renames until a time, ordered by time."""

    def __init__(self, found: Iterable[RevocationRow]) -> None:
        self._renames: defaultdict[str, list[RevocationRow]] = defaultdict(list)
        self._moved: set[tuple[str | None, str | None]] = set()
        for event in found:
            if event.event_name == "UpdateUser" and event.new_user_name:
                self._renames[event.account_id].append(event)
                self._moved |= {(event.account_id, event.user_name), (event.account_id, event.new_user_name)}

    def moved(self, account_id: str | None, name: str | None) -> bool:
        """Return whether a rename gave or took a name."""
        return (account_id, name) in self._moved

    def latest(self, account_id: str | None, user_id: str | None, name: str, since: datetime | None) -> str:
        """Return the name of a user that had another name at a time."""
        for event in self._renames[account_id or ""]:
            is_its_id = not (event.user_principal_id and user_id) or event.user_principal_id == user_id
            if event.user_name == name and is_its_id and not (since and event.event_time < since):
                name = event.new_user_name or name
        return name
