"""The commands that the program has, found by asking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args, get_type_hints

from typer.core import TyperGroup
from typer.main import get_command

from forensics.cli import app


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its words, such as `query run`, and the formats that it prints in."""

    name: str
    formats: tuple[str, ...]


def all_commands(group: TyperGroup | None = None, before: str = "") -> Iterator[Command]:
    for name, command in (group or _program()).commands.items():
        if isinstance(command, TyperGroup):
            yield from all_commands(command, f"{before}{name} ")
            continue
        assert command.callback
        hint = get_type_hints(command.callback).get("format")
        yield Command(f"{before}{name}", tuple(form for part in (hint, *get_args(hint)) for form in _values(part)))


def _program() -> TyperGroup:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    return program


def _values(hint: object) -> list[str]:
    return [str(each) for each in hint] if isinstance(hint, type) and issubclass(hint, StrEnum) else []
