"""Canonical JSON of an answer, and its hash.

The JSON is a contract: fields are added, never renamed; every key is always present, unknown is null and nothing is
[]. Times are UTC, written `YYYY-MM-DDTHH:MM:SSZ`. A trailing underscore in a field's name is not part of its JSON name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def timestamp(moment: datetime) -> str:
    """A UTC time as every answer writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(answer: object, *, indent: int | None = 2) -> str:
    """The JSON of an answer, of a sequence of answers, or of rows of plain values."""
    return json.dumps(answer, indent=indent, ensure_ascii=True, default=_plainer)


def canonical_json(answer: object) -> str:
    """The one JSON that equal answers have: names in order, no spaces, ASCII, nothing that tells of this machine."""
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_portable)


def answer_sha256(answer: object) -> str:
    """The hash of an answer's canonical JSON."""
    return hashlib.sha256(canonical_json(answer).encode("ascii")).hexdigest()


def _plainer(value: Any) -> Any:
    """What JSON has no form of, one step nearer to one that it has."""
    if dataclasses.is_dataclass(value):
        return {field.name.rstrip("_"): getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _portable(value: Any) -> Any:
    """The same without the fields that are marked as local; anything has one."""
    if dataclasses.is_dataclass(value):
        fields = [field for field in dataclasses.fields(value) if not field.metadata]
        return {field.name.rstrip("_"): getattr(value, field.name) for field in fields}
    return _plainer(value) if isinstance(value, (date, Mapping)) else str(value)
