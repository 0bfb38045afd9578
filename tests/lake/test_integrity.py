"""Integrity: a changed byte anywhere in a case is found; the fingerprint depends on events and sources alone."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics.answers.canonical import answer_sha256
from forensics.case import Case
from forensics.errors import IngestFailed
from forensics.lake import manifest as manifests
from forensics.lake.layout import FORMAT_VERSION
from tests.attribution.records import Account, assume_role, call, write
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
USED = call(DEPLOY.session("build", 0, KEY), 10)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("integrity")
    with Case.create(folder / "case") as case:
        case.ingest([write((ISSUED,), folder / "first")])
        case.ingest([write((USED,), folder / "second")])
        case.who(KEY)
    return folder / "case"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "case"))


def problems(folder: Path) -> list[str]:
    with Case.open(folder) as case:
        answer = case.verify()
    assert answer.integrity
    return [problem.where for problem in answer.integrity.problems]


def flipped(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ bit]))


def flips(path: Path) -> Iterator[tuple[int, int]]:
    """Yield positions in a file, each with a bit to flip: its ends, its middle, and random ones."""
    size, chance = path.stat().st_size, Random(path.name)
    yield from ((place, 1) for place in (1, size // 2, size - 1))
    yield from ((chance.randrange(size), 1 << chance.randrange(8)) for _ in range(4))
    yield size // 3, 128  # not ASCII, and mostly not UTF-8


def test_a_case_that_nobody_touched_is_as_it_was_left(folder: Path) -> None:
    assert problems(folder) == []
    assert problems(folder) == []
    done = run("verify", "--case", folder)
    assert (done.code, done.err) == (0, "")
    assert "unchanged since the last command" in done.out


@pytest.mark.parametrize("name", ["case.json", "manifest.jsonl", "case.duckdb", "custody.jsonl", "lake"])
def test_one_byte_changed_is_found_and_named(folder: Path, tmp_path: Path, name: str) -> None:
    for file in [folder / name] if name != "lake" else sorted((folder / "lake").rglob("*.parquet")):
        where = file.relative_to(folder).as_posix()
        for place, bit in flips(file):
            copy = Path(shutil.copytree(folder, tmp_path / "copy"))
            flipped(copy / where, place, bit)
            done = run("verify", "--case", copy)
            assert done.code == 1, (where, place, bit)
            assert where in done.out + done.err, (where, place, bit)
            assert "unexpected" not in done.err, (where, place, bit)
            shutil.rmtree(copy)


def test_a_lake_file_that_is_gone_or_new_is_named(folder: Path) -> None:
    first, *_ = sorted((folder / "lake").rglob("*.parquet"))
    added = first.with_name("added.parquet")
    shutil.copy(first, added)
    assert problems(folder) == [added.relative_to(folder).as_posix()]
    first.unlink()
    assert first.relative_to(folder).as_posix() in problems(folder)


def test_tables_that_are_deleted_are_built_again_and_are_as_they_were_left(folder: Path) -> None:
    (folder / "case.duckdb").unlink()
    assert problems(folder) == []
    assert problems(folder) == []


def test_another_case_file_is_named_whatever_was_ingested_since(folder: Path, tmp_path: Path) -> None:
    path = folder / "case.json"
    path.write_text(json.dumps({"case_id": str(uuid.uuid4()), "format_version": FORMAT_VERSION}))
    assert problems(folder) == ["case.json"]
    with Case.open(folder) as case:
        case.ingest([write((call(ALICE.signs(), 20),), tmp_path / "later")])
    assert problems(folder) == ["case.json"]


def test_a_changed_lake_file_is_not_written_anew_as_if_it_were_right(folder: Path, tmp_path: Path) -> None:
    """Ingest a copy of an event, which rewrites the file of the stored one."""
    for file in (folder / "lake" / "events").rglob("*.parquet"):
        table = pq.read_table(file, partitioning=None)
        names = pa.array(["GetUser"] * table.num_rows)
        pq.write_table(table.set_column(table.column_names.index("event_name"), "event_name", names), file)
    before = (folder / "manifest.jsonl").read_bytes()
    copies = write(tuple(one | {"awsRegion": "eu-west-1"} for one in (ISSUED, USED)), tmp_path / "copies")
    with Case.open(folder) as case, pytest.raises(IngestFailed, match=r"events/.*manifest lists.*forensics verify"):
        case.ingest([copies])
    assert (folder / "manifest.jsonl").read_bytes() == before


def events_file(folder: Path) -> str:
    return min(manifests.read(folder / "manifest.jsonl").of_table("events"))


def commit_by_hand(folder: Path, *lines: dict[str, object], **counts: int) -> int:
    """Commit lines to the manifest that no ingest wrote, with new `counts`, and return their bytes."""
    manifest = folder / "manifest.jsonl"
    committed = json.loads(manifest.read_bytes().splitlines()[-1]) | {"ingest_id": "f" * 12, **counts}
    added = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in (*lines, committed))
    with manifest.open("a") as file:
        file.write(added)
    return len(added)


def test_an_event_that_was_removed_by_lines_that_no_ingest_wrote_is_named(folder: Path) -> None:
    gone = events_file(folder)
    size = commit_by_hand(folder, {"type": "removed", "path": gone}, events=1, copies=1)
    (folder / gone).unlink()
    for _ in range(2):  # rebuilt tables of the remaining files are not evidence of integrity
        done = run("verify", "--case", folder, width=300)
        assert done.code == 1
        assert f"manifest.jsonl: its last {size:,} bytes are not from an ingest in the log" in done.out
        assert "manifest.jsonl: the records read and the records stored differ" in done.out
        assert "records read 1, stored 0" in done.out
    assert [entry.command for entry in Case.open(folder).custody().entries[-3:]] == ["build", "verify", "verify"]


def test_an_ingest_that_was_killed_before_it_was_logged_is_told_until_it_is_finished(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = write((call(ALICE.signs(), 20),), tmp_path / "later")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, Case.open(folder) as case:
        patched.setattr(Case, "_ingested", killed)
        with pytest.raises(KeyboardInterrupt):
            case.ingest([later])
    with Case.open(folder) as case:
        integrity = case.verify().integrity
    assert integrity and integrity.case_fingerprint
    assert integrity.problems == ()
    (told,) = integrity.leftovers
    assert "before it logged them; run the same command to log it" in told.what
    (folder / "pending.json").write_text('{"manifest_bytes":1,"manifest_sha256":"0"}')
    assert problems(folder) == ["manifest.jsonl"]  # only a commit that was announced is one of ours
    with Case.open(folder) as case:
        case.ingest([later])
    assert problems(folder) == []


def test_lines_that_were_never_committed_are_no_part_of_what_the_log_vouches_for(folder: Path, tmp_path: Path) -> None:
    with (folder / "manifest.jsonl").open("a") as file:
        file.write('{"type":"removed","pa')
    (folder / "case.duckdb").unlink()
    assert problems(folder) == []
    with Case.open(folder) as case:
        case.ingest([write((call(ALICE.signs(), 20),), tmp_path / "later")])
    assert problems(folder) == []


def test_a_log_that_is_gone_is_named(folder: Path) -> None:
    (folder / "custody.jsonl").unlink()
    assert problems(folder) == ["custody.jsonl"]
    assert problems(folder) == ["manifest.jsonl"]  # a log that begins later does not cover it


def test_keys_that_are_brought_hide_no_log_that_is_gone(folder: Path, tmp_path: Path) -> None:
    (folder / "custody.jsonl").unlink()
    keys = tmp_path / "keys.json"
    keys.write_text('{"PublicKeyList": []}')
    done = run("verify", "--case", folder, "--keys", keys)
    assert done.code == 1
    assert "custody.jsonl: the file is missing" in done.out


def test_a_case_of_one_question_has_no_log_to_miss(tmp_path: Path) -> None:
    with Case.from_logs(write((ISSUED,), tmp_path / "logs")) as case:
        integrity = case.verify().integrity
    assert integrity and not integrity.problems


def fingerprint(case: Case) -> str:
    integrity = case.verify().integrity
    assert integrity and integrity.case_fingerprint
    return integrity.case_fingerprint


def test_the_same_logs_have_the_same_fingerprint_in_any_order_under_any_name(made: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "other") as other:
        other.ingest([write((USED,), tmp_path / "elsewhere" / "x")])
        partly = fingerprint(other)
        other.ingest([write((ISSUED,), tmp_path / "y"), tmp_path / "elsewhere"])
        whole = fingerprint(other)
        answer = other.who(KEY)
    with Case.open(made) as case:
        assert partly != whole == fingerprint(case)
        assert answer_sha256(answer) == answer_sha256(case.who(KEY))
