"""User names: the names of IAM users after logged renames (UpdateUser). A name can belong to one user after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from forensics.investigate.tree.tree_rows import RevocationRow


def with_known_users(found: Iterable[RevocationRow]) -> Iterator[RevocationRow]:
    """Yield the events, ordered by time, with the ID of a user that a logged creation or rename gave its name to.

    In the second of such a change the holder of the name is unknown.
    """
    holders: dict[tuple[str, str | None], tuple[datetime, str | None]] = {}
    for event in found:
        name = event.account_id, event.user_name
        since, holder = holders.get(name, (event.event_time, None))
        user_id = event.user_principal_id or (holder if since < event.event_time else None)
        if event.event_name in ("CreateUser", "UpdateUser", "DeleteUser"):
            is_known = not event.is_unreliable and event.event_name != "DeleteUser"
            if event.event_name != "UpdateUser" or event.new_user_name:
                holders[name] = event.event_time, None
                taken = event.account_id, event.new_user_name or event.user_name
                holders[taken] = event.event_time, user_id if is_known else None
        yield msgspec.structs.replace(event, user_principal_id=user_id) if event.user_name else event


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
