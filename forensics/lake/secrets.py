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
_SECRET = re.compile(rf'("(?i:{_KEYS})"\s*:\s*)("(?:[^"\\]++|\\.)++")')
_HIDDEN_BY_AWS = re.compile(r"HIDDEN_DUE_TO_SECURITY_REASONS|\*+|<[^<>]*>")


def may_hold_a_secret(raw: bytes) -> bool:
    """A cheap look that misses none: every key above holds one of these."""
    return (
        b"oken" in raw or b"ecret" in raw or b"assword" in raw or b"OKEN" in raw or b"ECRET" in raw or b"ASSWORD" in raw
    )


def mask(text: str) -> str:
    """The JSON text with each secret as `MASKED sha256:<of its value>`."""
    return _SECRET.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    value = json.loads(match.group(2), strict=False)
    if _HIDDEN_BY_AWS.fullmatch(value):
        return match.group()
    return f'{match.group(1)}"MASKED sha256:{hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()}"'
