"""Reach: a case of each spelling gives the answers that the spelling declares, compared with the trail's own file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.case import Case
from tests.cli.run import run
from tests.conftest import made_once
from tests.spellings.cases import Told, counted_ok, told, write_native, write_spelled
from tests.spellings.catalogue import SPELLINGS
from tests.spellings.spelling import Reach
from tests.spellings.world import key_ids, records

READ = [name for name, spelling in SPELLINGS.items() if spelling.reach is not Reach.REFUSED]
REFUSED = [name for name, spelling in SPELLINGS.items() if spelling.reach is Reach.REFUSED]


def _make(folder: Path) -> None:
    """A case of every world as trail files, and one of every world in its spelling. Worlds share no account."""
    worlds = {name: records(name) for name in SPELLINGS}
    for kind, write in (("native", write_native), ("spelled", write_spelled)):
        with Case.create(folder / f"{kind}-case") as case:
            case.ingest([write(worlds, folder / kind)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "spellings", _make)


@pytest.fixture(scope="module")
def native(folder: Path) -> Iterator[Told]:
    with Case.open(folder / "native-case") as case:
        yield told(case)


@pytest.fixture(scope="module")
def spelled(folder: Path) -> Iterator[Told]:
    with Case.open(folder / "spelled-case") as case:
        yield told(case)


def keys_of(name: str, *, kept: bool = True) -> list[str]:
    world = records(name)
    blocks = SPELLINGS[name].keeps
    return sorted({key_id for record in world for key_id in (key_ids(record, blocks) if kept else key_ids(record))})


@pytest.mark.parametrize("name", READ)
def test_a_spelling_gives_the_answers_that_it_declares(name: str, native: Told, spelled: Told) -> None:
    spelling, keys = SPELLINGS[name], keys_of(name)
    file = spelled.files()[name]
    assert counted_ok(file), (file["status"], file["reason"], file["rejected"])
    events = [str(record["eventID"]) for record in records(name)]
    assert {one: spelled.times.get(one) for one in events} == {one: native.times[one] for one in events}
    assert [key_id for key_id in keys if not spelled.finds(key_id)][:3] == []
    if spelling.reach is Reach.SAME:
        assert {key_id: spelled.answers.get(key_id) for key_id in keys} == {
            key_id: native.answers.get(key_id) for key_id in keys
        }
    answers = [answer for key_id in keys for answer in spelled.answers.get(key_id, ())]
    if spelling.reach is Reach.MEDIUM:
        assert {answer.grade for answer in answers} <= {"medium", "weak", "none"}
    if spelling.reach in (Reach.MEDIUM, Reach.MIXED):
        assert [key_id for key_id in keys if native.proves(key_id) and not spelled.suggests(key_id)] == []


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_names_a_wrong_actor(name: str, native: Told, spelled: Told) -> None:
    keys = keys_of(name, kept=False)
    wrong = {
        key_id: (answer, native.answers[key_id])
        for key_id in keys
        for answer in spelled.answers.get(key_id, ())
        if answer.contradicts(native.answers[key_id])
    }
    assert wrong == {}


@pytest.mark.parametrize("name", REFUSED)
def test_a_form_that_cannot_be_read_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    few = {name: records(name)[:20]}
    done = run(
        "ingest", write_native(few, tmp_path / "native"), write_spelled(few, tmp_path / "spelled"),
        "--case", tmp_path / "case", width=400,
    )  # fmt: skip
    assert done.code == 3
    assert re.search(SPELLINGS[name].why, done.out), done.out


def test_who_says_what_the_tables_say(native: Told) -> None:
    for key_id in keys_of("trail_file")[::6]:
        answer = native.case.who(key_id)
        actor = answer.actor
        assert (actor.kind, actor.id, actor.name, answer.grade, answer.stop_reason) in {
            one[:5] for one in native.answers[key_id]
        }


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in READ if SPELLINGS[name].reach is Reach.SAME])
def test_who_answers_the_same_about_every_key(name: str, native: Told, spelled: Told) -> None:
    for key_id in keys_of(name):
        got, want = spelled.case.who(key_id), native.case.who(key_id)
        assert (got.actor, got.grade, got.stop_reason) == (want.actor, want.grade, want.stop_reason)
