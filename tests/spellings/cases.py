"""Cases: the answers of a case about access keys, and how it counted each spelling's file.

Answers come from the tables that `who` reads, because a question for every key of every world takes minutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from forensics.answers.core import StopReason
from forensics.case import Case
from tests.spellings.catalogue import SPELLINGS
from tests.spellings.containers import dump
from tests.spellings.world import Json


class Answer(NamedTuple):
    """What a case says about one credential of an access key."""

    kind: str
    id: str | None
    name: str | None
    grade: str
    stop_reason: str
    origin_access_key_id: str | None

    def contradicts(self, others: Iterable[Answer]) -> bool:
        """Whether it names somebody else than each of the others. A missing ID or name contradicts none."""
        return self.kind != "unknown" and not any(
            self.kind == other.kind and self.id in (None, other.id) and self.name in (None, other.name)
            for other in others
        )


_ANSWERS = """
select c.access_key_id, a.actor_kind, a.actor_id, a.actor_name, a.grade, a.stop_reason, a.origin_access_key_id
from credentials c join actors a using (credential_id) where c.access_key_id is not null
"""
_WITH_CANDIDATES = """
select distinct c.access_key_id from links l join credentials c on c.credential_id = l.child_credential_id
"""


@dataclass(frozen=True)
class Told:
    """A case, its answers by access key, the keys with candidates, and the time of each event by its ID."""

    case: Case
    answers: Mapping[str, set[Answer]]
    with_candidates: frozenset[str]
    times: Mapping[str, str]

    def finds(self, key_id: str) -> bool:
        return key_id in self.answers or self.case.who(key_id).stop_reason != StopReason.NOT_FOUND

    def proves(self, key_id: str) -> bool:
        """Whether the actor behind a key is proven."""
        return any(answer.grade == "proven" for answer in self.answers.get(key_id, ()))

    def suggests(self, key_id: str) -> bool:
        """Whether a key has an actor, of any grade, or a candidate."""
        named = any(answer.kind != "unknown" for answer in self.answers.get(key_id, ()))
        return named or key_id in self.with_candidates

    def files(self) -> dict[str, Json]:
        """The entry of each spelling's file, without the members of archives."""
        rows = self.case.files()
        entries = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
        return {str(one["name"]).split("/")[0]: one for one in reversed(entries)}


def told(case: Case) -> Told:
    answers: defaultdict[str, set[Answer]] = defaultdict(set)
    for key_id, *answer in case.sql_rows(_ANSWERS).rows:
        answers[str(key_id)].add(Answer(*map(_text, answer)))
    found = case.sql_rows(_WITH_CANDIDATES).rows
    times = case.sql_rows("select event_id, event_time from events").rows
    return Told(case, answers, frozenset(str(row[0]) for row in found), {str(one): str(at) for one, at in times})


def _text(value: Any) -> Any:
    return None if value is None else str(value)


def counted_ok(file: Json) -> bool:
    """Whether the case claims to have read the identity of each record of a file."""
    return bool(file["status"] == "ok" and not file["rejected"] and not file.get("identity_unread"))


def write_spelled(records: Mapping[str, Sequence[Json]], folder: Path) -> Path:
    """Write the records of some spellings, each in a folder of its name."""
    for name, chosen in records.items():
        (folder / name).mkdir(parents=True)
        (folder / name / SPELLINGS[name].file).write_bytes(SPELLINGS[name].write(chosen))
    return folder


def write_native(records: Mapping[str, Sequence[Json]], folder: Path) -> Path:
    """Write the same records as a trail's files, in the same folders."""
    for name, chosen in records.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "trail.json").write_text(dump({"Records": list(chosen)}), encoding="utf-8")
    return folder
