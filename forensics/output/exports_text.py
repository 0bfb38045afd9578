"""Exports on screen: statements of account exports, compared with the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forensics.answers.core import Exported, Grade
from forensics.output.lines import Line, line
from forensics.output.words import AS_OF_FROM, DISAGREEMENTS, EXPORTED, EXPORTS, readable_time

if TYPE_CHECKING:
    from forensics.answers.audit_answer import KeyFinding

TITLE = "Account exports (they never override events)"
_LABEL = 14


def exported_lines(exports: Iterable[Exported], *, all_of_them: bool = True) -> Iterator[Line]:
    """Return each statement with its export. `all_of_them`: also the statements that agree with the events."""
    for one in exports:
        if not all_of_them and one.agrees:
            continue
        comparison = ("", "")
        if one.agrees:
            comparison = ("  agrees with the events", "good")
        elif one.disagreement:
            comparison = (f"  DIFFERS: {DISAGREEMENTS.get(one.disagreement, one.disagreement)}", "bad")
        weak = ("  weak: matched by time alone", "warn") if one.grade == Grade.WEAK else ("", "")
        label = EXPORTED.get(one.what, one.what).ljust(_LABEL)
        yield line(label, (_value(one), "bold"), comparison, weak, hang=_LABEL)
        yield line((source(one), "dim"), indent=_LABEL)


def _value(one: Exported) -> str:
    if one.what == "trust_policy":
        return f"{one.about} requires {one.value or 'no claim'}"
    if one.what == "name":
        return f"{one.value or 'none'} for {one.about}"
    if one.value is None:
        return "never" if one.what == "last_use" else "none"
    return one.value.replace("T", " ") if one.what in ("last_use", "password_last_used") else one.value


def source(one: Exported | KeyFinding) -> str:
    """Return the export of a statement, its effective time and its files."""
    export = one.export or ""
    when = f" as of {readable_time(one.as_of)}{AS_OF_FROM.get(one.as_of_from or '', '')}" if one.as_of else ""
    files = f": {', '.join(one.source_files)}" if one.source_files else ""
    return f"{EXPORTS.get(export, export)}{when}{files}"
