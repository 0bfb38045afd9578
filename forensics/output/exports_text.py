"""Exports, for a reader: what the account itself said at a time, beside what the events say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forensics.answers.core import Exported, Grade
from forensics.output.lines import Line, line
from forensics.output.words import AS_OF_FROM, DISAGREEMENTS, EXPORTED, EXPORTS, readable_time

if TYPE_CHECKING:
    from forensics.answers.audit_answer import KeyFinding

TITLE = "What the account itself says, as of a time; no event is overridden by it"
_LABEL = 14


def exported_lines(exports: Iterable[Exported], *, all_of_them: bool = True) -> Iterator[Line]:
    """Each statement and the export that it is from; else only those that events do not say themselves."""
    for said in exports:
        if not all_of_them and said.agrees:
            continue
        judged = ("", "")
        if said.agrees:
            judged = ("  as the events say", "good")
        elif said.disagreement:
            judged = (f"  DIFFERS: {DISAGREEMENTS.get(said.disagreement, said.disagreement)}", "bad")
        weak = ("  weak: it fits by time alone", "warn") if said.grade == Grade.WEAK else ("", "")
        yield line(EXPORTED.get(said.what, said.what).ljust(_LABEL), (_value(said), "bold"), judged, weak, hang=_LABEL)
        yield line((source(said), "dim"), indent=_LABEL)


def _value(said: Exported) -> str:
    if said.what == "trust_policy":
        return f"{said.about} asks for {said.value or 'no claim'}"
    if said.what == "name":
        return f"{said.value or 'none'} for {said.about}"
    if said.value is None:
        return "never" if said.what == "last_use" else "none"
    return said.value.replace("T", " ") if said.what in ("last_use", "password_last_used") else said.value


def source(said: Exported | KeyFinding) -> str:
    """Which export, of when, in which file."""
    export = said.export or ""
    when = f" as of {readable_time(said.as_of)}{AS_OF_FROM.get(said.as_of_from or '', '')}" if said.as_of else ""
    files = f": {', '.join(said.source_files)}" if said.source_files else ""
    return f"{EXPORTS.get(export, export)}{when}{files}"
