"""Named subjects: the users, roles and sessions that a name, an e-mail address, an ARN or an ID means.

A name is not unique: users of two accounts, a user and a role, and two users one after the other can have one. All of
them are returned, and nothing here chooses one.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from forensics.answers.core import ActorKind, SubjectMatch, SubjectMatchType
from forensics.errors import NoSuchSubject
from forensics.identifiers import identify, is_secret, shortened
from forensics.investigate.sql_rows import Connection, Row, rows, values

_NAMED_BY_ARN = re.compile(
    r"arn:[^:]*:(?:iam|sts)::(?P<account>\d{12}):"
    r"(?:(?:(?P<user>user)|role)/(?:.*/)?(?P<name>[^/]+)|assumed-role/(?P<role>[^/]+)(?:/.*)?)",
    re.IGNORECASE,
)


class NamedSubject(Row, frozen=True):
    """An actor, a role or a session.

    `issuer`: who assigned the ID of a person outside AWS; `qualified_id`: both as one text, otherwise the ID. `actors`:
    those of a session, as `KIND QUALIFIED_ID`; `role_id`: the role of a session.
    """

    type: SubjectMatchType
    kind: ActorKind | None
    id: str | None
    account_id: str | None
    name: str | None
    arn: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    actors: tuple[str, ...] = ()
    role_id: str | None = None
    issuer: str | None = None
    qualified_id: str | None = None

    def match(self, command: str) -> SubjectMatch:
        """Return the subject with the command that queries it."""
        kind = "role" if self.type == SubjectMatchType.ROLE else "user"
        by_name = f"arn:aws:iam::{self.account_id}:{kind}/{self.name}" if self.account_id else self.name or ""
        return SubjectMatch(
            self.type,
            self.id,
            self.name,
            self.arn,
            self.account_id,
            self.kind,
            self.first_seen,
            self.last_seen,
            ("forensics", command, self.qualified_id or self.id or self.arn or by_name),
            self.issuer,
        )


class _NotFoundRow(Row, frozen=True):
    """`similar`: names that resemble the text; `exported`: the number of users and roles in exports."""

    similar: tuple[str, ...]
    exported: int


def named_subjects(connection: Connection, text: str) -> list[NamedSubject]:
    """Return the users, roles, other actors and sessions with a name, ID or ARN, in any case.

    A session is omitted if its role or its actor matches. The ARN of a session means its role.
    Raises SecretRefused if the text looks like a secret and is not a name.
    """
    text = _utf8(text.strip())
    arn = _NAMED_BY_ARN.fullmatch(text)
    asked = {"name": arn["name"] or arn["role"], "account": arn["account"]} if arn else {"name": text, "account": None}
    found = rows(connection, NamedSubject, "named_subjects", **asked)
    if arn:
        wanted = (SubjectMatchType.ACTOR, ActorKind.IAM_USER) if arn["user"] else (SubjectMatchType.ROLE, None)
        found = [one for one in found if (one.type, one.kind) == wanted]
    if not found and is_secret(text):
        identify(text)  # raises SecretRefused
    return list(_distinct(found))


def no_such_subject(connection: Connection, text: str, kind: str) -> NoSuchSubject:
    """Return the error for a name that means nothing. `kind`: what was searched, such as "user"."""
    return NoSuchSubject(
        f"no {kind} in the loaded logs has the name {shortened(text)!r}{not_found_hints(connection, text)}"
    )


def not_found_hints(connection: Connection, text: str) -> str:
    """Return similar names, what could hide the name, and the next command, as the end of an error message."""
    (found,) = rows(connection, _NotFoundRow, "name_not_found", name=_utf8(text))
    unread = sum(values(connection, int, "identities_unread"))
    hints = (
        f"similar: {', '.join(map(shortened, found.similar))}" if found.similar else "",
        f"the identities of {unread:,} records could not be read" if unread else "",
        "" if found.exported else "no IAM export is loaded",
        "`forensics events --match` searches every column",
    )
    return "".join(f"; {hint}" for hint in hints if hint)


def _utf8(text: str) -> str:
    """Return a text that can be bound. No record has a name that is not UTF-8."""
    return text.encode(errors="backslashreplace").decode()


def _distinct(found: Sequence[NamedSubject]) -> Iterator[NamedSubject]:
    with_id = {(one.type, one.kind, one.account_id) for one in found if one.id}
    owners = {f"{one.kind} {one.qualified_id}" for one in found if one.type == SubjectMatchType.ACTOR}
    roles = {one.id for one in found if one.type == SubjectMatchType.ROLE}
    for one in found:
        if one.type == SubjectMatchType.SESSION:
            if one.role_id not in roles and not owners.issuperset(one.actors):
                yield one
        elif one.id or (one.type, one.kind, one.account_id) not in with_id:
            yield one
