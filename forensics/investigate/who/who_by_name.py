"""Who by name: who is behind what people hold, such as a name, an e-mail address, an ARN or a source address."""

from dataclasses import replace

from forensics.addresses import network_of
from forensics.answers.core import Actor, ActorKind, Grade, StopReason, Subject, SubjectMatch, SubjectMatchType
from forensics.answers.who_answer import Who
from forensics.errors import NotAnIdentifier
from forensics.identifiers import Identifier, SubjectType, identify_any, shortened
from forensics.investigate.case.event_filter import logged_addresses
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.named_subjects import NamedSubject, named_subjects, not_found_hints
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.who.requesters import subject_rows, who_of

_LISTED = 100


class _CallerRow(NamedSubject, frozen=True):
    """A caller from an address; `id` is null for its unsigned and its unreliable calls."""

    events: int = 0
    unreliable: bool = False


def who_by_name(connection: Connection, text: str, ip_ranges: IpRanges | None = None) -> Who:
    """Return who is behind a text that is not the ID of a loaded credential or event.

    If the text means several things, they are listed and nobody is named. Raises NotAnIdentifier if it means nothing,
    and SecretRefused if it looks like a secret.
    """
    text = text.strip()
    if network_of(text) is not None:
        return _who_called_from(connection, text, ip_ranges)
    found = named_subjects(connection, text)
    if len(found) == 1 and (identifier := _identifier(found[0])):
        return _who_is(connection, identifier, found[0], text, ip_ranges)
    if found:
        matches = tuple(one.match("who" if _identifier(one) else _page_of(one)) for one in found[:_LISTED])
        reason = StopReason.SEVERAL_SUBJECTS if len(found) > 1 else StopReason.NOT_FOUND
        return Who(Subject(None, text), stop_reason=reason, asked=text, matches=matches, matches_total=len(found))
    return who_of(connection, _known(connection, text), (), ip_ranges)


def _page_of(one: NamedSubject) -> str:
    return "role" if one.type == SubjectMatchType.ROLE else "user"


def _known(connection: Connection, text: str) -> Identifier:
    try:
        return identify_any(text)
    except NotAnIdentifier:
        raise NotAnIdentifier(
            f"{shortened(text)!r} is not an access key ID (AKIA..., ASIA...), event ID, session ARN, principal ID or"
            " address, and no user, role or session in the loaded logs has this name"
            + not_found_hints(connection, text)
        ) from None


def _who_is(
    connection: Connection, identifier: Identifier, one: NamedSubject, asked: str, ip_ranges: IpRanges | None
) -> Who:
    alone = replace(identifier, id=one.qualified_id or identifier.id)
    answer = who_of(connection, identifier, subject_rows(connection, alone), ip_ranges)
    return replace(answer, asked=asked if asked != identifier.id else None)


def _who_called_from(connection: Connection, address: str, ip_ranges: IpRanges | None) -> Who:
    """Return who called from an address; several callers are listed."""
    found = rows(connection, _CallerRow, "who/callers_from", addresses=logged_addresses(connection, [address]))
    if len(found) == 1 and (identifier := _identifier(found[0])):
        return _who_is(connection, identifier, found[0], address, ip_ranges)
    matches = tuple(_match_of(one, address) for one in found[:_LISTED])
    listed = Who(Subject(None, address), asked=address, matches=matches, matches_total=len(found))
    if len(found) > 1:
        return replace(listed, stop_reason=StopReason.SEVERAL_SUBJECTS)
    return _without_caller(listed, found[0]) if found else listed


def _match_of(one: _CallerRow, address: str) -> SubjectMatch:
    match = replace(one.match("who"), events=one.events)
    return match if one.id else replace(match, command=("forensics", "address", address))


def _without_caller(answer: Who, calls: _CallerRow) -> Who:
    """Return an answer with why its only calls name nobody: they are unsigned, unreliable or without an identity."""
    if calls.unreliable:
        return replace(answer, stop_reason=StopReason.AMBIGUOUS, flags=("proves_nothing",))
    if calls.kind != ActorKind.ANONYMOUS:
        return replace(answer, stop_reason=StopReason.NEVER_LOGGED)
    return replace(answer, actor=Actor(ActorKind.ANONYMOUS), grade=Grade.PROVEN, stop_reason=StopReason.ANONYMOUS)


def _identifier(one: NamedSubject) -> Identifier | None:
    """Return the identifier that `who` takes for a subject; None for one that is only known by its name."""
    if one.id is None:
        return None
    if one.type == SubjectMatchType.ROLE and one.id.startswith("arn:"):
        return Identifier(SubjectType.SESSION, one.id)
    if one.type == SubjectMatchType.ACTOR:
        return Identifier(SubjectType.PRINCIPAL if one.kind == ActorKind.IAM_USER else SubjectType.ACTOR, one.id)
    types = {
        SubjectMatchType.ROLE: SubjectType.PRINCIPAL,
        SubjectMatchType.SESSION: SubjectType.SESSION,
        SubjectMatchType.ACCESS_KEY: SubjectType.ACCESS_KEY,
    }
    return Identifier(types[one.type], one.id)
