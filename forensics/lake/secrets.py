"""Secrets: session tokens and the like, masked in the text that SQL reads; `raw` keeps what was delivered.

A secret becomes a marker and the SHA-256 of its value, so that two of them can be compared and neither used.
"""

from __future__ import annotations

import hashlib
import json
import re

_KEYS = (
    "sessionToken|secretAccessKey|securityToken|X-Amz-Security-Token|signinToken|accessToken|refreshToken|idToken|"
    "clientSecret|authorizationToken|password|newPassword|oldPassword|masterUserPassword|secretString|secretBinary"
)
HOLDS_A_SECRET = rf'"(?i:{_KEYS})"\s*:\s*"'
"""Matches any JSON in which `mask` would find something, in the syntax of RE2 as well."""

_SECRET = re.compile(rb'"(?i:%b)"\s*:\s*("(?:[^"\\]++|\\.)++")' % _KEYS.encode(), re.DOTALL)
# the ends of those keys, in lower case: a search for each is faster than one for the keys
_ENDS = (b'token"', b'accesskey"', b'clientsecret"', b'password"', b'secretstring"', b'secretbinary"')
_HIDDEN_BY_AWS = re.compile(r"HIDDEN_DUE_TO_SECURITY_REASONS|\*+|<[^<>]*>")


def mask(text: bytes) -> bytes:
    """The JSON with each secret as `MASKED sha256:<of its value>`."""
    parts: list[bytes] = []
    end = 0
    for start in _starts(text):
        match = _SECRET.match(text, start)
        if match and start >= end and (marker := _marker(match.group(1))):
            parts += [text[end : match.start(1)], marker]
            end = match.end()
    return b"".join([*parts, text[end:]])


def _starts(text: bytes) -> list[int]:
    """Where keys begin that end like one of a secret, in their order."""
    lower = text.lower()
    starts = set()
    for end in _ENDS:
        at = lower.find(end)
        while at >= 0:
            starts.add(text.rfind(b'"', 0, at))
            at = lower.find(end, at + len(end))
    return sorted(starts - {-1})


def _marker(quoted: bytes) -> bytes | None:
    value = json.loads(quoted, strict=False)
    if _HIDDEN_BY_AWS.fullmatch(value):
        return None
    return b'"MASKED sha256:%b"' % hashlib.sha256(value.encode("utf-8", "replace")).hexdigest().encode()
