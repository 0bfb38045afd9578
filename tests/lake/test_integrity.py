"""One byte changed anywhere in a case is found, and the fingerprint of a case is that of its events and sources."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.answers import answer_sha256
from forensics.case import Case
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


def flipped(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def places(path: Path) -> Iterator[int]:
    size = path.stat().st_size
    yield from sorted({1, size // 2, size - 1})


def test_a_case_that_nobody_touched_is_as_it_was_left(folder: Path) -> None:
    assert problems(folder) == []
    assert problems(folder) == []
    done = run("verify", "--case", folder)
    assert (done.code, done.err) == (0, "")
    assert "as they were left" in done.out


@pytest.mark.parametrize("name", ["manifest.jsonl", "case.duckdb", "custody.jsonl", "lake"])
def test_one_byte_changed_is_found_and_named(folder: Path, tmp_path: Path, name: str) -> None:
    for file in [folder / name] if name != "lake" else sorted((folder / "lake").rglob("*.parquet")):
        where = file.relative_to(folder).as_posix()
        for place in places(file):
            copy = Path(shutil.copytree(folder, tmp_path / "copy"))
            flipped(copy / where, place)
            done = run("verify", "--case", copy)
            assert done.code == 1, (where, place)
            assert where in done.out + done.err, (where, place)
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


def test_another_case_file_is_named(folder: Path) -> None:
    path = folder / "case.json"
    path.write_text(path.read_text().replace("-", "_", 1))
    assert problems(folder) == ["case.json"]


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
