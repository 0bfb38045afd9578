"""S3 URLs: parses `s3://BUCKET/PREFIX`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.errors import NotAnS3Url

_SCHEME = "s3://"
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class S3Url:
    """A bucket and a prefix, which is empty for the whole bucket."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}"


def is_s3_url(text: str) -> bool:
    """Return whether a text begins like an S3 URL; `parse_url` checks it."""
    return text.startswith(_SCHEME)


def parse_url(text: str) -> S3Url:
    """Return the bucket and prefix of a URL. Raises NotAnS3Url."""
    match = _URL.fullmatch(text)
    if match is None:
        raise NotAnS3Url(f"cannot parse {text!r} as an S3 URL; use s3://BUCKET or s3://BUCKET/PREFIX")
    return S3Url(match.group(1), match.group(2) or "")
