"""User names: the present names of IAM users. Several users can have one name, one after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from forensics.investigate.iam_names import folded
from forensics.investigate.tree.tree_rows import NameRow, RevocationRow

_TAKEN = "Another user had the name {name} later: find the present name of this user by its ID first"
_GIVES_NAMES = ("CreateUser", "UpdateUser")


def with_known_users(found: Iterable[RevocationRow]) -> Iterator[RevocationRow]:
    """Yield the events, ordered by time, with the ID of their user if the last creation or rename shows it.

    In the second of such a change, the user that has the name is unknown.
    """
    holders: dict[tuple[str, str | None], tuple[datetime, str | None]] = {}
    for event in found:
        name = event.account_id, folded(event.user_name)
        since, holder = holders.get(name, (event.event_time, None))
        user_id = event.user_principal_id or (holder if since < event.event_time else None)
        if event.event_name in ("CreateUser", "UpdateUser", "DeleteUser"):
            is_known = not event.is_unreliable and event.event_name != "DeleteUser"
            if event.event_name != "UpdateUser" or event.new_user_name:
                holders[name] = event.event_time, None
                taken = event.account_id, folded(event.new_user_name or event.user_name)
                holders[taken] = event.event_time, user_id if is_known else None
        yield msgspec.structs.replace(event, user_principal_id=user_id) if event.user_name else event


class PresentName(NamedTuple):
    """The present name of a user, or its ID if another user had that name later; `limit` says so."""

    name: str
    limit: str | None = None


class UserNames:
    """The logged changes of names until a time, ordered by time, and the names in other records (`seen`)."""

    def __init__(self, found: Iterable[RevocationRow], seen: Iterable[NameRow] = ()) -> None:
        self._renames: defaultdict[str, list[RevocationRow]] = defaultdict(list)
        self._given: defaultdict[tuple[str | None, str | None], list[RevocationRow]] = defaultdict(list)
        self._moved: set[tuple[str | None, str | None]] = set()
        for event in found:
            if event.event_name == "UpdateUser" and event.new_user_name:
                self._renames[event.account_id].append(event)
                self._moved |= {
                    (event.account_id, folded(event.user_name)),
                    (event.account_id, folded(event.new_user_name)),
                }
            if event.event_name in _GIVES_NAMES:
                self._given[event.account_id, folded(event.new_user_name or event.user_name)].append(event)
        self._seen: defaultdict[tuple[str | None, str | None], list[NameRow]] = defaultdict(list)
        for row in seen:
            self._seen[row.account_id, row.name].append(row)
            self._seen[row.account_id, row.principal_id].append(row)

    def moved(self, account_id: str | None, name: str | None) -> bool:
        """Return whether a rename gave or took a name."""
        return (account_id, folded(name)) in self._moved

    def present(
        self,
        account_id: str | None,
        user_id: str | None,
        name: str,
        since: datetime | None,
        start: datetime | None = None,
    ) -> PresentName:
        """Return the present name of a user that a record shows with a name at a time (`since`).

        The record of a session can show the name that the user had at its start, although a rename took it away since.
        """
        former: set[str | None] = set()
        for event in self._renames[account_id or ""]:
            is_its_id = not (event.user_principal_id and user_id) or event.user_principal_id == user_id
            known_at = start if start and event.user_principal_id else since
            is_later = not (known_at and event.event_time < known_at)
            if folded(event.user_name) == folded(name) and is_its_id and is_later:
                former.add(folded(name))
                name, since, start = event.new_user_name or name, event.event_time, None
                former.discard(folded(name))
        own = self._seen[account_id, user_id] if user_id else []
        times = ((row.seen_at_start_until if row.name in former else row.seen_until, row.user_name) for row in own)
        last, last_name = max(times, default=(None, name))
        if last and not (since and last <= since):
            name, since = last_name, last
        if self._is_taken(account_id, user_id, name, since):
            return PresentName(user_id or name, _TAKEN.format(name=name))
        return PresentName(name)

    def _is_taken(self, account_id: str | None, user_id: str | None, name: str, since: datetime | None) -> bool:
        """Return whether another user had the name after a time."""
        given = (
            event
            for event in self._given[account_id, folded(name)]
            if not event.is_unreliable and not (since and event.event_time <= since)
        )
        seen = (
            row
            for row in self._seen[account_id, folded(name)]
            if user_id and row.principal_id != user_id and not (since and row.seen_until <= since)
        )
        return any(not user_id or event.user_principal_id != user_id for event in given) or any(seen)
