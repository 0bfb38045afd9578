"""Identifiers: generated from one seeded random, the only randomness in the simulator.

Unique IDs of the new layout contain their account (docs/attribution.md#account-in-an-id): one layout bit, 40 bits of
account, the rest random. IDs of the old layout (fifth character I or J) do not. No function reads a clock.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from random import Random

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Ids:
    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def account(self) -> str:
        return f"{self._rng.randrange(10**10, 10**12):012d}"

    def unique_id(self, prefix: str, account_id: str, *, old_layout: bool = False) -> str:
        """Return a key ID (20 characters) or principal ID (21) that encodes its account, unless `old_layout`."""
        length = 20 if prefix in ("AKIA", "ASIA") else 21
        if old_layout:
            return prefix + self._rng.choice("IJ") + self._text(BASE32, length - 5)
        head = (1 << 44) | (int(account_id) << 4) | self._rng.getrandbits(4)
        body = "".join(BASE32[(head >> shift) & 31] for shift in range(40, -1, -5))
        return prefix + body + self._text(BASE32, length - 13)

    def key(self, account_id: str) -> str:
        return self.unique_id("ASIA", account_id)

    def uuid(self) -> str:
        value = (self._rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62)) | (4 << 76) | (2 << 62)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def hexadecimal(self, length: int) -> str:
        return f"{self._rng.getrandbits(4 * length):0{length}x}"

    def base64(self, length: int) -> str:
        return b64encode(self._rng.randbytes(length)).decode()[:length]

    def s3_request_id(self) -> str:
        return self._text(ALNUM, 16)

    def file_suffix(self) -> str:
        return self._text(MIXED, 16)

    def instance(self) -> str:
        return "i-0" + self.hexadecimal(16)

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._rng.choices(alphabet, k=length))


def iso(time: datetime) -> str:
    return f"{time.year}-{time.month:02d}-{time.day:02d}T{time.hour:02d}:{time.minute:02d}:{time.second:02d}Z"


def sts_date(time: datetime) -> str:
    """Return an expiration, such as `Jul 10, 2023, 6:38:25 PM` (docs/attribution.md#dates-in-responses)."""
    return _english(time, ", ")


def iam_date(time: datetime) -> str:
    """Return a createDate, such as `Jul 10, 2023 12:24:29 PM` (docs/attribution.md#dates-in-responses)."""
    return _english(time, " ")


def _english(time: datetime, separator: str) -> str:
    half = "AM" if time.hour < 12 else "PM"
    clock = f"{time.hour % 12 or 12}:{time.minute:02d}:{time.second:02d} {half}"
    return f"{MONTHS[time.month - 1]} {time.day}, {time.year}{separator}{clock}"
