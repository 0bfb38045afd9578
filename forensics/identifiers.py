"""Identifiers: what a string that names something in AWS is, and the account that it carries.

Everything here is a pure function of the identifier's text. Prefixes are hints and never proof: AWS's own samples
carry wrong ones. Facts: IAM User Guide, "Unique identifiers"; the account's encoding in key IDs was published by
Tal Be'ery, "A short note on AWS KEY ID".
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
    """What a question can be about."""

    ACCESS_KEY = "access_key"
    EVENT = "event"
    SESSION = "session"
    PRINCIPAL = "principal"


@dataclass(frozen=True, slots=True)
class Identifier:
    type: SubjectType
    id: str


def identify(text: str) -> Identifier:
    """Tell what kind of identifier `text` is.

    Raises SecretRefused for what looks like a secret, NotAnIdentifier for anything else that is no access key ID,
    event ID, ARN or principal ID. Neither message repeats a secret.
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
            " logged. Ask about the access key ID (AKIA... or ASIA...), and treat the secret as exposed"
        )
    if _PRINCIPAL_ID.fullmatch(text):
        return Identifier(SubjectType.PRINCIPAL, text)
    raise NotAnIdentifier(
        f"{_shown(text)} is no access key ID (AKIA..., ASIA...), event ID, session ARN or principal ID"
    )


def account_of(unique_id: str) -> str | None:
    """The 12-digit account in an access key ID or another unique ID (AIDA..., AROA...); None where it carries none.

    IDs made before about 2019 carry no account (their fifth character is below `Q`), nor do anonymised IDs.
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
    """Return an access key ID. Raises NotAnIdentifier for anything else."""
    identifier = identify(text)
    if identifier.type != SubjectType.ACCESS_KEY:
        raise NotAnIdentifier(f"{identifier.id} is no access key ID (AKIA..., ASIA...); try `forensics who`")
    return identifier


def event_id(text: str) -> str:
    """Return an event ID. Raises NotAnIdentifier for anything else."""
    identifier = identify(text)
    if identifier.type != SubjectType.EVENT:
        raise NotAnIdentifier(f"{identifier.id} is no event ID (such as 944c89bc-112d-4f10-aad0-2b75abc00d36)")
    return identifier.id


def is_secret(text: str) -> bool:
    """Whether a text looks like a secret access key or a session token."""
    try:
        identify(text)
    except SecretRefused:
        return True
    except NotAnIdentifier:
        return False
    return False
