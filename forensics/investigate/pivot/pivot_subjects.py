"""Pivot subjects: what the subject of a page means, and its page. Several meanings are listed, and none is chosen."""

import re
from collections.abc import Sequence
from dataclasses import replace

from forensics.addresses import network_of
from forensics.answers.core import ActorKind, SubjectMatchType
from forensics.answers.pivot_answer import Pivot, PivotSubject, PivotType
from forensics.errors import NotAnIdentifier
from forensics.identifiers import SubjectType, identify, identify_any, is_secret, shortened
from forensics.investigate.case.event_filter import Several, check_texts, literal, logged_addresses, several
from forensics.investigate.named_subjects import NamedSubject, named_subjects, no_such_subject
from forensics.investigate.pivot.pivot_page import LISTED, TimeRange, calls_of, calls_signed_by, page, with_iam
from forensics.investigate.pivot.pivot_resources import Place, ResourceGroup, resource_groups
from forensics.investigate.sql_rows import Connection, values

__all__ = ["Place", "TimeRange", "address", "resource", "role", "user"]

_NOT_USERS = (ActorKind.WORKLOAD, ActorKind.AWS_SERVICE, ActorKind.DELEGATE)
_ROOT = re.compile(r"arn:[^:]*:iam::(?P<account>\d{12}):root")
_ALWAYS = TimeRange()
_ANYWHERE = Place()


def address(connection: Connection, text: str, times: TimeRange = _ALWAYS, account: Several = None) -> Pivot:
    """Return the page on an IP address or a network. Raises NotAnIdentifier for any other text.

    `account`: one or several; only events by their callers, or delivered by their trails.
    """
    text, accounts = text.strip(), several(account)
    check_texts("--account", accounts)
    if network_of(text) is None:
        raise NotAnIdentifier(
            f"{_shown(text)} is not an IP address or network; use 192.0.2.44, 192.0.2.0/24 or 2001:db8::/32"
        )
    asked = {"addresses": logged_addresses(connection, [text]), "accounts": list(accounts) or None}
    with calls_of(connection, "pivot/calls_from", asked):
        found = page(connection, PivotSubject(PivotType.ADDRESS, text), text, times)
    commands = (("forensics", "story", text), ("forensics", "events", "--address", text))
    return replace(found, accounts=accounts, commands=commands)


def user(connection: Connection, text: str, times: TimeRange = _ALWAYS, account: str | None = None) -> Pivot:
    """Return the page on a user, by name, e-mail address, ARN or ID. `account`: that of an IAM user.

    Raises NotAnIdentifier for a key or an event, and NoSuchSubject for a name that no user has.
    """
    found = [one for one in _named(connection, text, PivotType.USER, account) if _is_user(one)]
    if len(found) == 1:
        return _of_user(connection, found[0], text.strip(), times)
    return _several(connection, PivotType.USER, text, found)


def role(connection: Connection, text: str, times: TimeRange = _ALWAYS, account: str | None = None) -> Pivot:
    """Return the page on a role, by name, ARN or ID. `account`: that of the role.

    Raises NotAnIdentifier for a key or an event, and NoSuchSubject for a name that no role has.
    """
    found = [one for one in _named(connection, text, PivotType.ROLE, account) if one.type == SubjectMatchType.ROLE]
    if len(found) == 1:
        return _of_role(connection, found[0], text.strip(), times)
    return _several(connection, PivotType.ROLE, text, found)


def resource(connection: Connection, text: str, times: TimeRange = _ALWAYS, place: Place = _ANYWHERE) -> Pivot:
    """Return the page on a resource, by its name or ARN, or the end of its ARN.

    Raises NoSuchSubject for a name that no target of a call has.
    """
    text = text.strip()
    found = resource_groups(connection, text, place)
    if not found and not text.startswith("arn:"):
        _refuse_secret(text)
        raise no_such_subject(connection, text, "resource")
    if len(found) != 1:
        matches = tuple(one.match() for one in found[:LISTED])
        return Pivot(PivotSubject(PivotType.RESOURCE, None), text, matches=matches, matches_total=len(found))
    (group,) = found
    subject = PivotSubject(PivotType.RESOURCE, group.id, group.name, group.arn, group.account_id)
    with calls_of(connection, "pivot/calls_on", group.parameters(text)):
        found_page = page(connection, subject, text, times)
    return replace(found_page, commands=tuple(_commands_of(group)))


def _commands_of(group: ResourceGroup) -> list[tuple[str, ...]]:
    own = {"user": "user", "role": "role"}.get(group.kind or "")
    also = [("forensics", own, group.id)] if own else []
    return [*also, ("forensics", "events", *group.event_options())]


def _is_user(one: NamedSubject) -> bool:
    return one.type == SubjectMatchType.ACTOR and one.kind not in _NOT_USERS


def _named(connection: Connection, text: str, type_: PivotType, account: str | None) -> Sequence[NamedSubject]:
    check_texts("--account", several(account))
    found = named_subjects(connection, _root(text) or text)
    _refuse_other_ids(text, type_, found)
    return [one for one in found if account in (None, one.account_id)]


def _root(text: str) -> str | None:
    """Return the ID of a root user, which is its account, for its ARN."""
    arn = _ROOT.fullmatch(text.strip())
    return arn["account"] if arn else None


def _several(connection: Connection, type_: PivotType, text: str, found: Sequence[NamedSubject]) -> Pivot:
    """Return the list of several users or roles, or a page without calls for an ARN or ID that is not logged."""
    text = text.strip()
    if not found and not _is_identifier(text):
        raise no_such_subject(connection, text, type_)
    matches = tuple(one.match(type_) for one in found[:LISTED])
    return Pivot(PivotSubject(type_, None), text, matches=matches, matches_total=len(found))


def _of_user(connection: Connection, one: NamedSubject, asked: str, times: TimeRange) -> Pivot:
    is_iam = one.kind == ActorKind.IAM_USER
    account = one.account_id if is_iam else None
    actor = {"kind": one.kind, "id": one.qualified_id, "account": account}
    ids = values(connection, str, "pivot/credentials_of_actor", **actor)
    subject = PivotSubject(PivotType.USER, one.id, one.name, one.arn, one.account_id, one.kind, one.issuer)
    with calls_signed_by(connection, ids):
        found = page(connection, subject, asked, times)
    name = one.qualified_id or one.name or asked
    story = ("forensics", "story", name)
    events = ("forensics", "events", "--actor", name)
    if not is_iam:
        return replace(found, commands=(story, events))
    commands = (story, ("forensics", "tree", one.id), events) if one.id else (_changes_command(one),)
    return replace(with_iam(connection, found, times), commands=commands)


def _of_role(connection: Connection, one: NamedSubject, asked: str, times: TimeRange) -> Pivot:
    ids = values(connection, str, "pivot/credentials_of_role", id=one.id)
    subject = PivotSubject(PivotType.ROLE, one.id, one.name, one.arn, one.account_id)
    with calls_signed_by(connection, ids):
        found = page(connection, subject, asked, times)
    own = (("forensics", "story", one.id), ("forensics", "events", "--role", one.id)) if one.id else ()
    commands = own or (_changes_command(one),)  # without an ID, only changes are loaded
    return replace(with_iam(connection, found, times), commands=commands)


def _changes_command(one: NamedSubject) -> tuple[str, ...]:
    account = ("--account", one.account_id) if one.account_id else ()
    return ("forensics", "events", "--resource", literal(one.name or ""), "--service", "iam", *account)


def _refuse_other_ids(text: str, type_: PivotType, found: Sequence[NamedSubject]) -> None:
    """Refuse the ID of a key or an event. A UUID can also be the ID of an IAM Identity Center user."""
    try:
        identifier = identify(text)
    except NotAnIdentifier:
        return  # a name; what looks like a secret is refused if nothing has the name
    if identifier.type == SubjectType.ACCESS_KEY:
        raise NotAnIdentifier(f"{identifier.id} is an access key ID, not a {type_}; use `forensics key`")
    if identifier.type == SubjectType.EVENT and not found:
        raise NotAnIdentifier(f"{identifier.id} is an event ID, not a {type_}; use `forensics who`")


def _is_identifier(text: str) -> bool:
    try:
        identify_any(text)
    except NotAnIdentifier:
        return False
    return True


def _refuse_secret(text: str) -> None:
    if is_secret(text):
        identify(text)


def _shown(text: str) -> str:
    _refuse_secret(text)
    return repr(shortened(text))
