"""Formats, through a whole case: what a trail says it says in every wrapping, and what was rebuilt proves less."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.core import Grade
from forensics.case import Case
from tests.attribution.records import (
    Account,
    assume_role,
    call,
    copies,
    get_session_token,
    sign_in_event,
    switch_role,
)
from tests.cases import tables
from tests.conftest import SAMPLE_LOGS
from tests.formats.wrappings import REBUILT, WRAPPED, Json, dump, tarred, zipped

HOME = Account("111111111111")
AWAY = Account("222222222222")
ALICE, MALLORY = HOME.user("alice"), HOME.user("mallory")
DEPLOY, ADMIN = HOME.role("deploy"), AWAY.role("admin")
FIRST, SECOND, TOKEN = HOME.key("FIRST"), AWAY.key("SECOND"), HOME.key("TOKEN")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=FIRST, requestID="r1")
USED = call(DEPLOY.session("build", 0, FIRST), 5, requestID="r2")
RECORDS: list[Json] = [
    ISSUED,
    USED,
    *copies(assume_role(DEPLOY.session("build", 0, FIRST), ADMIN, "deep", 10, issues=SECOND, account=HOME.id), ADMIN),
    call(ADMIN.session("deep", 10, SECOND), 15, userAgent="a, b=c {}"),
    get_session_token(ALICE.signs(), 20, issues=TOKEN),
    call(ALICE.session(20, TOKEN), 25),
    sign_in_event(ALICE.signs_in(), 30, "ConsoleLogin"),
    call(ALICE.session(30, HOME.key("CONSOLE")), 31),
    switch_role(ALICE.arn, DEPLOY, "alice", 40),
    call(DEPLOY.session("alice", 40, HOME.key("SWITCHED")), 41),
    call(HOME.root(accessKeyId="AKIAROOTXXXXXXXXXXXX"), 50),
    call(MALLORY.signs(), 60, errorCode="AccessDenied", errorMessage='not "allowed"\n'),
]


def case_of(files: dict[str, bytes], folder: Path) -> Case:
    (folder / "logs").mkdir(parents=True)
    for name, data in files.items():
        (folder / "logs" / name).write_bytes(data)
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case


def native(records: Iterable[Json]) -> bytes:
    return dump({"Records": list(records)}).encode()


def said(case: Case) -> dict[str, list[tuple[object, ...]]]:
    """All that a case says but how its records came, and with how much white space."""
    found = tables(case)
    for name in ("events", "attributed_events"):
        found[name] = sorted(case.sql_rows(f"select * exclude (delivery, record) from {name}").rows, key=repr)
    return found


def dealt() -> dict[str, bytes]:
    """Each wrapping with some of the records, each record in several of them."""
    return {
        name.replace(" ", "-"): wrapping(RECORDS[number % 13 :: 3] + RECORDS[: number % 13 : 3])
        for number, (name, wrapping) in enumerate(WRAPPED.items())
    }


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of({"trail.json": native(RECORDS)}, tmp_path_factory.mktemp("trail"))


@pytest.mark.parametrize("packed", [dict, lambda files: {"a.zip": zipped({"a.tar.gz": gzip.compress(tarred(files))})}])
def test_what_a_trail_says_it_says_in_every_wrapping(packed: Any, trail: Case, tmp_path: Path) -> None:
    with case_of(packed(dealt()), tmp_path) as wrapped:
        assert wrapped.sql_rows("select distinct delivery from events").rows == (("wrapped",),)
        # copies of one event that came in several wrappings
        got, want = said(wrapped), said(trail)
        assert {name: got[name] for name in want} == want


@pytest.mark.parametrize("format", ["athena csv", "ocsf parquet", "event history"])
def test_what_was_rebuilt_names_nobody_above_medium(format: str, tmp_path: Path) -> None:
    with case_of({"log": REBUILT[format](RECORDS)}, tmp_path) as case:
        holds_at_most_medium(case)
        # rows of the event history have no identity if a service made the call
        unread = ("identities_unread",) if format == "event history" else ()
        assert case.who(ALICE.key).flags == ("rebuilt", *unread)


def holds_at_most_medium(case: Case) -> None:
    assert set(case.sql_rows("select grade from actors union select origin_grade from actors").rows) <= {
        ("medium",), ("none",), (None,)
    }  # fmt: skip
    assert set(case.sql_rows("select grade from links").rows) <= {("medium",), ("weak",)}
    assert case.sql_rows("select count(*) from links where is_chosen").rows == ((0,),)


FORGED = assume_role(MALLORY.signs(), DEPLOY, "build", 0, issues=FIRST, requestID="r9")


def test_a_forged_export_names_nobody(tmp_path: Path) -> None:
    """Whoever can write a CSV can write what they like into it."""
    with case_of({"trail": native([USED]), "log": REBUILT["athena csv"]([FORGED])}, tmp_path / "alone") as case:
        answer = case.who(FIRST)
        assert (answer.actor.kind, answer.grade) == ("unknown", Grade.NONE)
        assert [(one.actor.name, one.grade) for one in answer.candidates] == [("mallory", Grade.MEDIUM)]
    with case_of({"trail": native([ISSUED, USED]), "log": REBUILT["ocsf"]([FORGED])}, tmp_path / "both") as case:
        answer = case.who(FIRST)
        assert answer.actor.name in ("alice", None)


def test_a_forged_export_hides_no_copy_of_another_account(tmp_path: Path) -> None:
    own, redacted = copies(assume_role(ALICE.signs(), ADMIN, "deep", 10, issues=SECOND, account=HOME.id), ADMIN)
    used = call(ADMIN.session("deep", 10, SECOND), 15)
    with case_of({"trail": native([redacted, used]), "log": REBUILT["athena csv"]([own])}, tmp_path) as case:
        assert case.who(SECOND).actor.kind == "external_principal"


def test_every_file_of_an_archive_is_a_file(tmp_path: Path) -> None:
    logs = {"AWSLogs/a.json.gz": gzip.compress(native(RECORDS[:5])), "AWSLogs/b.json": native(RECORDS[5:])}
    packed = zipped({**logs, "again.json": logs["AWSLogs/b.json"], "notes.txt": b"no log", "../in.tar": tarred(logs)})
    with case_of({"case.zip": packed}, tmp_path) as case:
        statuses = {row[0]: row[1] for row in case.files().rows}
        assert case.info().mismatch is None
    assert statuses == {
        "case.zip": "ok",
        "case.zip/../in.tar": "ok",
        "case.zip/../in.tar/AWSLogs/a.json.gz": "ok",
        "case.zip/../in.tar/AWSLogs/b.json": "ok",
        "case.zip/AWSLogs/a.json.gz": "duplicate",
        "case.zip/AWSLogs/b.json": "duplicate",
        "case.zip/again.json": "duplicate",
        "case.zip/notes.txt": "skipped",
    }


def sample_records() -> list[Json]:
    records = []
    for path in sorted(SAMPLE_LOGS.rglob("*.json.gz")):
        records += json.loads(gzip.decompress(path.read_bytes())).get("Records", [])
    return records


@pytest.mark.full
@pytest.mark.parametrize("wrapping", WRAPPED)
def test_the_sample_in_every_wrapping(wrapping: str, sample_case: Path, tmp_path: Path) -> None:
    with Case.open(sample_case) as trail, case_of({"log": WRAPPED[wrapping](sample_records())}, tmp_path) as case:
        assert said(case) == said(trail)


@pytest.mark.full
@pytest.mark.parametrize("format", REBUILT)
def test_the_sample_rebuilt(format: str, tmp_path: Path) -> None:
    with case_of({"log": REBUILT[format](sample_records())}, tmp_path) as case:
        holds_at_most_medium(case)
