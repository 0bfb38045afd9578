"""Canonical: the JSON of an answer, its canonical JSON, and the hash of that.

The JSON is a contract. Fields are added and never renamed. Every key is always present: an unknown value is null, an
empty list []. Times are UTC, written `YYYY-MM-DDTHH:MM:SSZ`. The JSON name of a field has no trailing underscore.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def timestamp(moment: datetime) -> str:
    """Return a UTC time as `YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def exact_time(moment: datetime) -> str:
    """Return a time in UTC. CloudTrail's times are whole seconds; a computed time keeps its fraction."""
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"{utc.isoformat()}Z" if utc.microsecond else timestamp(utc)


def to_json(answer: object, *, indent: int | None = 2) -> str:
    """Return the JSON of an answer, of a sequence of answers, or of rows of plain values."""
    return json.dumps(answer, indent=indent, ensure_ascii=True, default=_to_json)


def canonical_json(answer: object) -> str:
    """Return the same JSON for equal answers: names sorted, no spaces, ASCII, without `LOCAL` fields."""
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_without_local_fields)


def answer_sha256(answer: object) -> str:
    """Return the SHA-256 of an answer's canonical JSON."""
    return hashlib.sha256(canonical_json(answer).encode("ascii")).hexdigest()


def _to_json(value: Any) -> Any:
    """Convert non-JSON types for `json.dumps`."""
    if dataclasses.is_dataclass(value):
        return {field.name.rstrip("_"): getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _without_local_fields(value: Any) -> Any:
    """Convert any type for `json.dumps`, and drop the fields that are marked as local."""
    if dataclasses.is_dataclass(value):
        fields = [field for field in dataclasses.fields(value) if not field.metadata]
        return {field.name.rstrip("_"): getattr(value, field.name) for field in fields}
    return _to_json(value) if isinstance(value, (date, Mapping)) else str(value)
