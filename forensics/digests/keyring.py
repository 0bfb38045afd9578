"""Public keys: what digests are checked with, from the output of `aws cloudtrail list-public-keys`.

A fingerprint is the MD5 of the key. It shows a key that was damaged or mixed up; that AWS made the key it cannot show,
so whoever brings the keys vouches for them.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

# RSA of 2,048 bits takes 270 bytes; a huge key would be slow to check with
_MAX_KEY_BYTES = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as AWS lists it, `der` in PKCS#1; `source` is the file that brought it."""

    fingerprint: str
    der: bytes
    source: str
    key: RSAPublicKey

    def fits(self, text: bytes, signature: bytes) -> bool:
        """Whether a signature of a text was made with this key."""
        try:
            self.key.verify(signature, text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class RefusedKey:
    """What stands in a list of keys and is none, and why."""

    fingerprint: str
    source: str
    reason: str


class _Listed(msgspec.Struct, frozen=True, rename="pascal"):
    value: str
    fingerprint: str


class _List(msgspec.Struct, frozen=True, rename="pascal"):
    public_key_list: list[_Listed]


_decode = msgspec.json.Decoder(_List).decode


def read_public_keys(content: bytes, source: str) -> list[PublicKey | RefusedKey]:
    """The keys of a document, in its order."""
    try:
        listed = _decode(content).public_key_list
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return [RefusedKey("", source, f"it is no list of public keys: {error}")]
    return [_key(one, source) for one in listed]


def _key(listed: _Listed, source: str) -> PublicKey | RefusedKey:
    def refused(reason: str) -> RefusedKey:
        return RefusedKey(listed.fingerprint, source, reason)

    if len(listed.value) > 2 * _MAX_KEY_BYTES:
        return refused("it is longer than any key of CloudTrail")
    try:
        der = b64decode(listed.value, validate=True)
        key = load_der_public_key(der)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return refused("it is no RSA key in the DER form of PKCS#1")
    if not isinstance(key, RSAPublicKey):
        return refused("it is no RSA key")
    if hashlib.md5(der, usedforsecurity=False).hexdigest() != listed.fingerprint.lower():
        return refused("its fingerprint is that of another key: it was damaged, or mixed up")
    return PublicKey(listed.fingerprint.lower(), der, source, key)
