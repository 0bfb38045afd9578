"""Identifiers: classifies access key IDs, event IDs, ARNs and principal IDs, and decodes the account in unique IDs.

Every function depends on the text alone. A prefix is a hint and not evidence: some of AWS's own samples have wrong
ones. Sources: IAM User Guide, "Unique identifiers"; Tal Be'ery, "A short note on AWS KEY ID", for the encoding of the
account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from forensics.errors import NotAnIdentifier, SecretRefused

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{3}([A-Z2-7]{9})[A-Z0-9]{3,}")
_ACCESS_KEY_ID = re.compile(r"A[A-Z0-9]{15,127}")
_PRINCIPAL_PREFIXES = ("AIDA", "AROA", "AGPA", "AIPA")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ARN = re.compile(r"arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+")
_PRINCIPAL_ID = re.compile(r"(?:A[A-Z0-9]{15,127}|\d{12})(?::\S+)?")
# a secret access key has 40 of these characters, a session token hundreds
_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,}")


class SubjectType(StrEnum):
    """The type of the subject of a query."""

    ACCESS_KEY = "access_key"
    EVENT = "event"
    SESSION = "session"
    PRINCIPAL = "principal"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A valid identifier. `id` is as CloudTrail writes it; event IDs are in lower case."""

    type: SubjectType
    id: str


def identify(text: str) -> Identifier:
    """Return the identifier that `text` is, without surrounding spaces.

    Raises:
        SecretRefused: the text looks like a secret; the message does not repeat it.
        NotAnIdentifier: it is not an access key ID, event ID, session ARN or principal ID.
    """
    text = text.strip()
    if _UUID.fullmatch(text):
        return Identifier(SubjectType.EVENT, text.lower())
    if _ARN.fullmatch(text):
        return Identifier(SubjectType.SESSION, text)
    if text.startswith(_PRINCIPAL_PREFIXES) and _PRINCIPAL_ID.fullmatch(text):
        return Identifier(SubjectType.PRINCIPAL, text)
    if _ACCESS_KEY_ID.fullmatch(text) and len(text) < 40:
        return Identifier(SubjectType.ACCESS_KEY, text)
    if _SECRET.search(text):
        raise SecretRefused(
            "this looks like a secret access key or a session token, not an identifier; it was not used, stored or"
            " logged. Use the access key ID (AKIA... or ASIA...) instead, and treat the secret as exposed"
        )
    if _PRINCIPAL_ID.fullmatch(text):
        return Identifier(SubjectType.PRINCIPAL, text)
    raise NotAnIdentifier(
        f"{_shown(text)} is not an access key ID (AKIA..., ASIA...), event ID, session ARN or principal ID"
    )


def account_of(unique_id: str) -> str | None:
    """Return the 12-digit account in an access key ID or another unique ID (AIDA..., AROA...); None if it has none.

    IDs created before about 2019 contain no account (their fifth character is below `Q`); neither do anonymized IDs.
    """
    match = _UNIQUE_ID.fullmatch(unique_id)
    if match is None:
        return None
    bits = 0
    for character in match.group(1):
        bits = bits * 32 + _BASE32.index(character)
    if not bits >> 44:
        return None
    account = (bits >> 4) & ((1 << 40) - 1)
    return f"{account:012d}" if account < 10**12 else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def access_key(text: str) -> Identifier:
    """Return the access key ID that `text` is. Raises NotAnIdentifier for any other text."""
    identifier = identify(text)
    if identifier.type != SubjectType.ACCESS_KEY:
        raise NotAnIdentifier(f"{identifier.id} is not an access key ID (AKIA..., ASIA...); try `forensics who`")
    return identifier


def event_id(text: str) -> str:
    """Return the event ID that `text` is. Raises NotAnIdentifier for any other text."""
    identifier = identify(text)
    if identifier.type != SubjectType.EVENT:
        raise NotAnIdentifier(f"{identifier.id} is not an event ID (such as 944c89bc-112d-4f10-aad0-2b75abc00d36)")
    return identifier.id


def is_secret(text: str) -> bool:
    """Return whether a text looks like a secret access key or a session token."""
    try:
        identify(text)
    except SecretRefused:
        return True
    except NotAnIdentifier:
        return False
    return False
