"""Keyring: reads the public keys that verify digests, from the output of `aws cloudtrail list-public-keys`.

A fingerprint is the MD5 of the key. It detects a damaged key or a key under a wrong fingerprint. It does not show that
AWS created the key, so the user must obtain the keys from AWS.
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

# an RSA key of 2,048 bits has 270 bytes; a huge key would be slow to verify with
_MAX_KEY_BYTES = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that AWS lists. `der`: its PKCS#1 form; `source`: the name of the file with the key."""

    fingerprint: str
    der: bytes
    source: str
    key: RSAPublicKey

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Return whether this key made the signature of a text."""
        try:
            self.key.verify(signature, text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class RefusedKey:
    """An invalid entry in a list of keys, with the reason."""

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
    """Return the keys of a document in its order, with its invalid entries."""
    try:
        listed = _decode(content).public_key_list
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return [RefusedKey("", source, f"it is not a list of public keys: {error}")]
    return [_key(one, source) for one in listed]


def _key(listed: _Listed, source: str) -> PublicKey | RefusedKey:
    def refused(reason: str) -> RefusedKey:
        return RefusedKey(listed.fingerprint, source, reason)

    if len(listed.value) > 2 * _MAX_KEY_BYTES:
        return refused("it is longer than any CloudTrail key")
    try:
        der = b64decode(listed.value, validate=True)
        key = load_der_public_key(der)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return refused("it is not a DER-encoded PKCS#1 RSA key")
    if not isinstance(key, RSAPublicKey):
        return refused("it is not an RSA key")
    if hashlib.md5(der, usedforsecurity=False).hexdigest() != listed.fingerprint.lower():
        return refused("its fingerprint does not match: the key is damaged, or listed under a wrong fingerprint")
    return PublicKey(listed.fingerprint.lower(), der, source, key)
