"""Identifiers: classifies access key IDs, event IDs, ARNs and principal IDs, and decodes the account in unique IDs.

No function needs more than the text. A prefix is a hint, not evidence: some of AWS's own samples have wrong prefixes.
Sources: IAM User Guide, "Unique identifiers"; Tal Be'ery, "A short note on AWS KEY ID" (encoding of the account).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, wraps
from typing import NamedTuple

from forensics.errors import NotAnIdentifier, SecretRefused

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{3}([A-Z2-7]{9})[A-Z0-9]{3,}")
_ACCESS_KEY_ID = re.compile(r"A[A-Z0-9]{15,127}")
# a word in lower case is a key only with the prefix and at least the length of one
_KEY_IN_ANY_CASE = re.compile(r"A(?:KIA|SIA|CCA|BIA)[A-Z0-9]{16,35}", re.IGNORECASE)
# access keys, and service-specific credentials such as API keys of Bedrock
_LONG_TERM_PREFIXES = ("AKIA", "ACCA")
_PRINCIPAL_PREFIXES = ("AIDA", "AROA", "AGPA", "AIPA")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ARN = re.compile(r"arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+")
_ACCOUNT_IN_ARN = re.compile(r"arn:[^:]*:([^:]*):[^:]*:(\d{12}):")
ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL_ID = re.compile(r"(?:A[A-Z0-9]{15,127}|\d{12})(?::\S+)?")
# a placeholder for a name: AWS's own, or one that is not a name in IAM or Git because of its characters
_MASKED_NAME = re.compile(r"HIDDEN_DUE_TO_SECURITY_REASONS|[\w+=,.@*-]*\*[\w+=,.@*-]*|[<\[(][^<>\[\]()]*[>\])]")
# a placeholder for a unique ID or account, or for a part of a text
_MASKED_ID = re.compile(
    r"(?:^|[:/])(?:A[A-Z]{3})?(?:(?i:HIDDEN_[A-Z_]+|[<\[(]?REDACTED[>\])]?)|X{8,})(?:$|[:/])|\*|X{12}"
)
# the visible characters of a partly masked ID are Base32; by chance, 1 ID in 10 million has such a mask
_PARTLY_MASKED_ID = re.compile(
    r"A[A-Z]{3}[A-Z2-7]*(?:([A-Z0-9])\1{7,}|REDACTED|HIDDEN|MASKED|REMOVED)[A-Z2-7]*", re.IGNORECASE
)
# a character, a word or a run of eight equal characters that each mask has, or an escape that can hide one
MAY_BE_MASKED = r"[^ -~]|[*<\[(\\]|(?i:HIDDEN|REDACTED|MASKED|REMOVED)|" + "|".join(
    f"[{character}{character.lower()}]{{8}}" for character in f"{_BASE32}0189"
)
"""Pattern that matches all JSON with a masked value; also valid in RE2."""
# a masked identifier is one word of at most the length of an ARN
_MASKED_TEXT = re.compile(r"[^\s\"\\]{3,2048}")
_KEY_PREFIXES = ("AKIA", "ASIA", "ACCA", "ABIA")
# a secret access key has 40 of these characters, a session token hundreds
_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,}")


# most identifiers occur in many events; those of a hostile file can have any length
_REMEMBERED, _LONGEST_REMEMBERED = 10_000, 2_048

Unmask = Callable[[str | None], str | None]


def _remembered(unmask: Unmask) -> Unmask:
    """Return the function with its last results kept."""
    kept = lru_cache(_REMEMBERED)(unmask)

    @wraps(unmask)
    def unmasked(text: str | None) -> str | None:
        return kept(text) if text and len(text) <= _LONGEST_REMEMBERED else unmask(text)

    return unmasked


class SubjectType(StrEnum):
    """The type of the subject of a query."""

    ACCESS_KEY = "access_key"
    EVENT = "event"
    SESSION = "session"
    PRINCIPAL = "principal"
    ACTOR = "actor"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A valid identifier. `id` is spelled as in CloudTrail; event IDs are in lower case."""

    type: SubjectType
    id: str


def identify(text: str) -> Identifier:
    """Return `text` as an identifier with its type. Surrounding spaces are ignored.

    Raises:
        SecretRefused: the text looks like a secret. The message does not repeat it.
        NotAnIdentifier: the text is not an access key ID, event ID, session ARN or principal ID.
    """
    text = key_as_logged(text.strip())
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
        f"{shortened(text)!r} is not an access key ID (AKIA..., ASIA...), event ID, session ARN or principal ID"
    )


def identify_masked(text: str) -> Identifier | None:
    """Return a masked identifier with the type of its form, such as `AROA4XXXXXXXXXXXXXXXX:alice`; None for other text.

    It can stand for several principals or keys, so it identifies none. A masked account has the type of a principal.
    """
    text = text.strip()
    if not _MASKED_TEXT.fullmatch(text):
        return None
    if text.startswith("arn:"):
        return Identifier(SubjectType.SESSION, text) if unmasked_arn(text) is None else None
    if _SECRET.search(text):
        return None
    if text.startswith(_KEY_PREFIXES):
        has_form = _ACCESS_KEY_ID.fullmatch(text) is not None
        is_masked = unmasked_id(text) is None or (has_form and unmasked_key(text) is None)
        return Identifier(SubjectType.ACCESS_KEY, text) if is_masked else None
    return Identifier(SubjectType.PRINCIPAL, text) if unmasked_principal(text) is None else None


def identify_any(text: str) -> Identifier:
    """Return `text` as an identifier, masked or not. Raises SecretRefused and NotAnIdentifier."""
    return identify_masked(text) or identify(text)


def unmasked_name(text: str | None) -> str | None:
    """Return the name of a user, role, session or policy, or a subject; None if it is empty or masked.

    Callers choose names, and `REDACTED` is a valid one. Only a text that cannot be a name is a mask, such as `al***`.
    """
    return None if not text or _MASKED_NAME.fullmatch(text) else text


@_remembered
def unmasked_id(text: str | None) -> str | None:
    """Return a unique ID or account ID, or another text of AWS; None if it is empty or partly masked.

    Two masked values can stand for the same value or for different ones.
    """
    return None if not text or _MASKED_ID.search(text) or _PARTLY_MASKED_ID.fullmatch(text) else text


@_remembered
def unmasked_principal(text: str | None) -> str | None:
    """Return a principal ID such as `AROA...:session`; None if its ID or its name is masked."""
    id_, _, name = (text or "").partition(":")
    return text if unmasked_id(id_) and (not name or unmasked_name(name)) else None


@_remembered
def unmasked_arn(text: str | None) -> str | None:
    """Return an ARN; None if its account or a name in it is masked, such as `arn:aws:iam::***:user/bob`.

    The path of a user or role can contain any character, and does not tell two users of one name apart.
    """
    *account, resource = (text or "").split(":", 5)
    if len(account) < 5:  # not an ARN
        return unmasked_id(text)
    names = [name for name in resource.split("/") if name]
    if resource.startswith(("user/", "role/")):
        names = names[-1:]
    return text if unmasked_id(":".join(account)) and all(map(unmasked_name, names)) else None


def unmasked_key(text: str | None) -> str | None:
    """Return an access key ID in upper case, or None for a masked one, such as `ASIA****` or `AKIA4QXXXXXXXXXXXXXX`."""
    key = _key_in_upper_case(text)
    is_masked = key and (len(set(key[4:])) <= 1 or _PARTLY_MASKED_ID.fullmatch(key))
    return None if is_masked else key


def _key_in_upper_case(text: str | None) -> str | None:
    key = (text or "").strip().upper()
    return key if _ACCESS_KEY_ID.fullmatch(key) else None


def _if_any(text: str | None) -> str | None:
    return text or None


class Unmasking(NamedTuple):
    """The functions that return a value, or None if it is empty or masked."""

    id: Unmask
    name: Unmask
    principal: Unmask
    arn: Unmask
    key: Unmask


CHECKED = Unmasking(unmasked_id, unmasked_name, unmasked_principal, unmasked_arn, unmasked_key)
UNMASKED = Unmasking(
    id=_if_any,
    name=_if_any,
    principal=lambda text: text if text and not text.startswith(":") else None,
    arn=_if_any,
    key=_key_in_upper_case,
)
"""The functions for JSON that `MAY_BE_MASKED` does not match: for its values, they return the same as `CHECKED`."""


def key_as_logged(text: str) -> str:
    """Return an access key ID in lower or mixed case as CloudTrail spells it; any other text unchanged."""
    return text.upper() if _KEY_IN_ANY_CASE.fullmatch(text) else text


def is_long_term(key: str | None) -> bool:
    """Return whether an ID is that of a long-term access key or of a service-specific credential."""
    return (key or "").startswith(_LONG_TERM_PREFIXES)


def is_service_specific(key: str | None) -> bool:
    """Return whether an ID is that of a service-specific credential: an API key or password for one service."""
    return (key or "").startswith("ACCA")


def account_of(unique_id: str) -> str | None:
    """Return the 12-digit account in an access key ID or another unique ID (AIDA..., AROA...); None without one.

    IDs from before about 2019 (their fifth character is below `Q`) and anonymized IDs contain no account.
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


def account_of_arn(arn: str | None, *services: str) -> str | None:
    """Return the 12-digit account in an ARN; None without one, or for another service than `services`, if any."""
    match = _ACCOUNT_IN_ARN.match(arn or "")
    return match.group(2) if match and (not services or match.group(1) in services) else None


def role_of_session(arn: str | None) -> str | None:
    """Return the role name in the ARN of a session of a role; None for any other ARN."""
    return (arn or "").partition(":assumed-role/")[2].partition("/")[0] or None


def access_key(text: str) -> Identifier:
    """Return `text` as an access key ID. Raises NotAnIdentifier for any other text."""
    identifier = identify(text)
    if identifier.type != SubjectType.ACCESS_KEY:
        raise NotAnIdentifier(f"{identifier.id} is not an access key ID (AKIA..., ASIA...); try `forensics who`")
    return identifier


def event_id(text: str) -> str:
    """Return `text` as an event ID in lower case. Raises NotAnIdentifier for any other text."""
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


def shortened(text: str) -> str:
    """Return a text for an error message, cut after 60 characters."""
    return text if len(text) <= 60 else text[:57] + "..."
