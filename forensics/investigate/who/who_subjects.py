"""Who subjects: answers `who` for the texts that people type, one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forensics.answers.core import SECRET, StopReason, Subject
from forensics.answers.who_answer import Who
from forensics.errors import NotAnIdentifier, SecretRefused
from forensics.identifiers import SubjectType, identify_any, identify_masked, is_secret
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.sql_rows import Connection
from forensics.investigate.who.requesters import subject_rows, who_of


def who(connection: Connection, text: str, ip_ranges: IpRanges | None = None) -> Who:
    """Return who is behind a subject. For an identifier that is not logged, the answer lists the missing logs.

    Args:
        connection: the case.
        text: an identifier, or a name, e-mail address, ARN or source address.
        ip_ranges: the addresses of AWS.

    Raises:
        SecretRefused: the text looks like a secret.
        NotAnIdentifier: the text is not an identifier, an address or a name in the loaded events.
    """
    try:
        identifier = identify_any(text)
    except NotAnIdentifier:
        identifier = None
    if identifier:
        found = subject_rows(connection, identifier)
        # the ARN of a session that is not loaded does not stand for its role
        is_alone = identifier.type == SubjectType.ACCESS_KEY or "/" in identifier.id.partition(":assumed-role/")[2]
        if found or is_alone or identify_masked(text):
            return who_of(connection, identifier, found, ip_ranges)
    # lazy: names and addresses cost milliseconds that most commands do not need
    from forensics.investigate.who.who_by_name import who_by_name

    return who_by_name(connection, text, ip_ranges)


def who_all(
    connected: Callable[[], Connection], subjects: Sequence[str], ip_ranges: IpRanges | None = None
) -> list[Who]:
    """Return an answer for each subject; the answer for an invalid one has the stop reason `not_an_identifier`.

    If one text looks like a secret, the other invalid ones may be parts of it, so no answer repeats any of them.
    """
    hide = any(is_secret(subject) for subject in subjects)
    return [_who_or_refusal(connected, subject, ip_ranges, hide=hide) for subject in subjects]


def _who_or_refusal(
    connected: Callable[[], Connection], subject: str, ip_ranges: IpRanges | None, *, hide: bool
) -> Who:
    try:
        return who(connected(), subject, ip_ranges)
    except SecretRefused:
        return Who(Subject(None, SECRET), stop_reason=StopReason.NOT_AN_IDENTIFIER)
    except NotAnIdentifier:
        shown = "(not shown, it may be part of a secret)" if hide else subject
        return Who(Subject(None, shown), stop_reason=StopReason.NOT_AN_IDENTIFIER)
