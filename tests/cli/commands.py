"""The commands that the program has, found by asking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args, get_type_hints

import typer

from forensics.cli import app


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its words, such as `query run`, and the formats that it prints in."""

    name: str
    formats: tuple[str, ...]


def all_commands(group: typer.Typer = app, before: str = "") -> Iterator[Command]:
    for info in group.registered_commands:
        assert info.callback
        hint = get_type_hints(info.callback).get("format")
        formats = tuple(form for part in (hint, *get_args(hint)) for form in _values(part))
        yield Command(f"{before}{info.name or info.callback.__name__}", formats)
    for inner in group.registered_groups:
        assert inner.typer_instance
        yield from all_commands(inner.typer_instance, f"{before}{inner.typer_instance.info.name} ")


def _values(hint: object) -> list[str]:
    return [str(each) for each in hint] if isinstance(hint, type) and issubclass(hint, StrEnum) else []
